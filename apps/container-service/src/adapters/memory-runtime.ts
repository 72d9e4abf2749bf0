import type { BerthError } from '@berth/errors';
import type { ContainerPlan, ExecPlan } from '../plan/plan.ts';
import type { OutputChunk, ProcessConnection, ProcessExit, ProcessState, StartedProcess } from '../ports/process.ts';
import type { Runtime } from '../ports/runtime.ts';

/** A process that exists only in a test, which decides what becomes of it. */
export interface MemoryProcess {
  readonly pid: number;
  readonly plan: ContainerPlan | ExecPlan;
  /** Signals that were sent; `kill-all` for the whole container. */
  readonly signals: (number | 'kill-all')[];
  /** What was written to stdin. */
  readonly input: string[];
  /** How many connections want its output. */
  readers(): number;
  print(text: string, stream?: OutputChunk['stream']): void;
  exit(exitCode: number, how?: { readonly oomKilled: boolean }): void;
  /** The keeper dies. The process goes on, or ends with it. */
  loseKeeper(options: { processLives: boolean }): void;
}

/** A Runtime without a kernel, for tests. */
export interface MemoryRuntime extends Runtime {
  /** The process of a run-time directory. */
  process(stateDir: string): MemoryProcess;
  /** What the next starts throw instead; null for nothing. */
  failure: BerthError | null;
  /** What was called, besides starts. */
  readonly calls: string[];
  bootId: string;
  /** What is found of the table. */
  table: string;
}

/** Simulates keepers and their records. `nowNs` is the clock. */
export function createMemoryRuntime(nowNs: () => bigint): MemoryRuntime {
  const processes = new Map<string, Simulation>();
  const calls: string[] = [];
  const frozen = new Set<string>();
  const interfaces = new Set<string>();
  let nextPid = 100;

  function start(plan: ContainerPlan | ExecPlan): Promise<StartedProcess> {
    if (runtime.failure !== null) return Promise.reject(runtime.failure);
    const simulation = simulate(nextPid++, plan, nowNs);
    processes.set(plan.stateDir, simulation);
    const { pid, startTimeNs } = simulation;
    return Promise.resolve({ connection: simulation.connect(true), pid, startTimeNs, timings: [] });
  }

  const runtime: MemoryRuntime = {
    failure: null,
    calls,
    bootId: 'boot-1',
    table: 'whole',
    process(stateDir) {
      const simulation = processes.get(stateDir);
      if (simulation === undefined) throw new Error(`no process in ${stateDir}`);
      return simulation;
    },
    startContainer: start,
    beginContainer(plan) {
      calls.push(`begin ${plan.stateDir}`);
      const abandon = (): Promise<void> => Promise.resolve(void calls.push(`abandon ${plan.stateDir}`));
      return Promise.resolve({ finish: (rootfs) => start({ ...plan, rootfs }), abandon });
    },
    startExec: start,
    attach(stateDir, { output }) {
      const simulation = processes.get(stateDir);
      if (simulation?.state().state !== 'running') return Promise.reject(new Error('no keeper'));
      return Promise.resolve(simulation.connect(output));
    },
    adopt(stateDir) {
      return (processes.get(stateDir) as Simulation).connect(false);
    },
    inspect: (stateDir) => processes.get(stateDir)?.state() ?? { state: 'lost' },
    killGroup: (stateDir) => processes.get(stateDir)?.exit(137),
    setFrozen(cgroupDir, isFrozen) {
      if (isFrozen) frozen.add(cgroupDir);
      else frozen.delete(cgroupDir);
      return Promise.resolve();
    },
    isFrozen: (cgroupDir) => frozen.has(cgroupDir),
    isReleased: () => Promise.resolve(true),
    updateLimits(stateDir, { values }) {
      calls.push(`limit ${stateDir} ${values.map(({ path, value }) => `${path}=${value}`).join(' ')}`);
      return Promise.resolve();
    },
    cleanUp({ stateDir, publication }) {
      const ports = publication?.ports.map(({ hostPort }) => ` ${hostPort}`) ?? [];
      calls.push(`clean up ${stateDir}${ports.join('')}`);
      processes.delete(stateDir);
      return Promise.resolve();
    },
    ensureNetwork({ bridge, address, prefixLength, publishedPorts }) {
      const ports = publishedPorts.map(({ hostPort }) => ` ${hostPort}`);
      calls.push(`ensure ${bridge} ${address}/${prefixLength}${ports.join('')}`);
      return Promise.resolve();
    },
    connect(stateDir, { interface: { hostName, name, bridge }, gateway, gateway6 }) {
      calls.push(`connect ${stateDir} ${hostName} ${bridge} ${gateway} ${gateway6}`.trimEnd());
      interfaces.add(name);
      return Promise.resolve();
    },
    disconnect(stateDir, { hostInterface, interfaceName, gateway, gateway6 }) {
      calls.push(`disconnect ${stateDir} ${hostInterface} ${gateway} ${gateway6}`.trimEnd());
      interfaces.delete(interfaceName);
      return Promise.resolve();
    },
    publish(stateDir, publication) {
      const ports = publication?.ports.map(({ hostPort, address }) => ` ${hostPort}>${address}`) ?? [];
      calls.push(`publish ${stateDir}${ports.join('')}`);
      return Promise.resolve();
    },
    interfacesOf: () => [...interfaces],
    ensureBridge({ bridge, address, prefixLength, address6, prefixLength6, forward6 }) {
      const addresses = [`${address}/${prefixLength}`, `${address6}/${prefixLength6}`].filter((text) => text !== '/0');
      calls.push(`ensure ${bridge} ${addresses.join(' ')}${forward6 ? ' forward' : ''}`);
      return Promise.resolve();
    },
    ensureParent({ name, kind }) {
      calls.push(`parent ${name} ${kind}`.trimEnd());
      return Promise.resolve();
    },
    removeBridge({ bridge }) {
      calls.push(`remove ${bridge}`);
      return Promise.resolve();
    },
    inspectNetwork: () => Promise.resolve({ state: runtime.table, isWhole: true }),
    processOf: (stateDir) => (runtime.inspect(stateDir).state === 'running' ? { pid: 4711, startTicks: 1n } : null),
    mount() {
      runtime.calls.push('mount');
      return Promise.resolve({ pid: 4712, [Symbol.dispose]: () => void runtime.calls.push('unmount') });
    },
    version: () => Promise.resolve('0.0.0-memory'),
  };
  return runtime;
}

interface Simulation extends MemoryProcess {
  readonly startTimeNs: bigint;
  connect(output: boolean): ProcessConnection;
  state(): ProcessState;
}

function simulate(pid: number, plan: ContainerPlan | ExecPlan, nowNs: () => bigint): Simulation {
  const clients = new Set<MemoryConnection>();
  const startTimeNs = nowNs();
  const signals: MemoryProcess['signals'] = [];
  const input: string[] = [];
  let state: ProcessState = { state: 'running', pid, startTimeNs };

  function end(exit: ProcessExit | null, next: ProcessState): void {
    state = next;
    for (const client of clients) client.finish(exit);
    clients.clear();
  }

  function exitWith(exitCode: number, { oomKilled } = { oomKilled: false }): void {
    const exit: ProcessExit = { exitCode, oomKilled, timeNs: nowNs(), error: '' };
    if (state.state === 'running') end(exit, { state: 'exited', startTimeNs, exit });
    if (state.state === 'orphaned') end(null, { state: 'lost' });
  }

  return {
    pid,
    plan,
    signals,
    input,
    startTimeNs,
    state: () => state,
    readers: () => [...clients].filter(({ wantsOutput }) => wantsOutput).length,
    print(text, stream = 'stdout') {
      for (const client of clients) client.deliver({ stream, data: Buffer.from(text) });
    },
    exit: exitWith,
    loseKeeper({ processLives }) {
      end(null, processLives ? { state: 'orphaned', pid, startTimeNs } : { state: 'lost' });
    },
    connect(output) {
      const client = createConnection({
        output,
        input,
        onClose: (closed) => void clients.delete(closed),
        onSignal(signal) {
          signals.push(signal);
          if (signal === 9 || signal === 'kill-all') exitWith(137);
        },
      });
      clients.add(client);
      return client;
    },
  };
}

interface MemoryConnection extends ProcessConnection {
  readonly wantsOutput: boolean;
  deliver(chunk: OutputChunk): void;
  /** Null: the connection is lost. */
  finish(exit: ProcessExit | null): void;
}

interface ConnectionOptions {
  readonly output: boolean;
  readonly input: string[];
  readonly onClose: (connection: MemoryConnection) => void;
  readonly onSignal: (signal: number | 'kill-all') => void;
}

function createConnection({ output, input, onClose, onSignal }: ConnectionOptions): MemoryConnection {
  const exited = Promise.withResolvers<ProcessExit>();
  exited.promise.catch(() => {});
  const queue: OutputChunk[] = [];
  let over = false;
  let wake = (): void => {};

  async function* chunks(): AsyncGenerator<OutputChunk> {
    for (;;) {
      const chunk = queue.shift();
      if (chunk !== undefined) yield chunk;
      else if (over) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  const connection: MemoryConnection = {
    wantsOutput: output,
    output: chunks(),
    exited: exited.promise,
    deliver(chunk) {
      if (output) queue.push(chunk);
      wake();
    },
    finish(exit) {
      over = true;
      if (exit === null) exited.reject(new Error('connection lost'));
      else exited.resolve(exit);
      wake();
    },
    write(data) {
      input.push(Buffer.from(data).toString());
      return Promise.resolve();
    },
    endInput: () => void input.push('<end>'),
    resize: ({ rows, columns }) => void input.push(`<${rows}x${columns}>`),
    signal: onSignal,
    killAll: () => onSignal('kill-all'),
    close() {
      onClose(connection);
      connection.finish(null);
    },
  };
  return connection;
}
