import { BerthError } from '@berth/errors';
import type { ActiveContainer, ActiveContainers } from './active-containers.ts';
import type { ContainerControl } from './control-containers.ts';
import { isActive, type Container } from './container.ts';
import type { TerminalSize } from './container-config.ts';
import type { ContainerCreator, CreateRequest } from './create-container.ts';
import type { BeginEarly } from './early-start.ts';
import { containerEvent, killEvent } from './events.ts';
import { serviceStopsError } from './follow-process.ts';
import { findContainer } from './find-container.ts';
import type { ClientLog, ClientLogs } from './logs/client-logs.ts';
import type { ContainerFiles } from './ports/files.ts';
import type { LostOutput, OutputChunk, ProcessExit, StartedProcess } from './ports/process.ts';
import type { Runtime } from './ports/runtime.ts';
import type { ContainerStore } from './ports/stores.ts';
import { endOfSession, runInputSession, runSession, type ProcessInput } from './process-session.ts';
import { notReadyError } from './restart-containers.ts';
import type { ContainerStarter } from './start-container.ts';
import { usesVolumes } from './supervise-container.ts';

/** What running and attaching need. */
export interface RunDeps {
  readonly store: ContainerStore;
  readonly files: ContainerFiles;
  readonly runtime: Runtime;
  readonly actives: ActiveContainers;
  readonly creator: ContainerCreator;
  readonly starter: ContainerStarter;
  readonly beginEarly: BeginEarly;
  readonly control: ContainerControl;
  readonly clientLogs: ClientLogs;
  /** Aborted when the service stops. */
  readonly signal: AbortSignal;
}

/** A client that is to be attached to a process. */
export interface Client {
  readonly inputs: AsyncIterable<ProcessInput>;
  /** Aborted when the client goes. The container goes on. */
  readonly signal: AbortSignal;
  readonly terminalSize: TerminalSize | null;
}

/** What happens to a process that a client runs or is attached to, in this order; `exited` is the last. */
export type ProcessEvent =
  | { readonly kind: 'created'; readonly id: string; readonly warnings: readonly string[] }
  | { readonly kind: 'started'; readonly pid: number; readonly timings: StartedProcess['timings'] }
  | { readonly kind: 'output'; readonly chunk: OutputChunk | LostOutput }
  | { readonly kind: 'exited'; readonly exit: ProcessExit };

/** Containers with a client at them. */
export interface ContainerRunner {
  /** Creates a container, starts it, and stays to its end unless `detach` is set. */
  run(request: CreateRequest, client: Client & { detach: boolean }): AsyncGenerator<ProcessEvent, void, undefined>;
  /** Attaches to a container that runs, or with `start` to one that is started for it: then no byte is lost. */
  attach(reference: string, client: Client & { start: boolean }): AsyncGenerator<ProcessEvent, void, undefined>;
}

/** A runner of all containers. */
export function createContainerRunner(deps: RunDeps): ContainerRunner {
  const { store, files, runtime, actives, creator, starter, control, clientLogs } = deps;

  async function* run(
    request: CreateRequest,
    client: Client & { detach: boolean },
  ): AsyncGenerator<ProcessEvent, void, undefined> {
    const inputOnly = isInputOnly(request.config);
    const hold = { terminalSize: client.terminalSize, attach: !client.detach && !inputOnly };
    const { container, snapshot, early, warnings } = await creator.create(request, {
      attach: !client.detach,
      begin: (draft, last) => deps.beginEarly(draft, last, hold),
    });
    await using log = clientLogs.open(container.id);
    const starting = starter.start(container, { ...hold, snapshot, early, byPolicy: false });
    // Whoever goes away between two events leaves nobody to hear of a failure.
    starting.catch(() => {});
    try {
      // Told together with the start: a client that is woken in the midst of it takes a processor away from it.
      await Promise.allSettled([starting]);
      yield { kind: 'created', id: container.id, warnings };
      const { active, process } = await starting;
      yield { kind: 'started', pid: process.pid, timings: process.timings };
      if (client.detach) return;
      if (inputOnly) {
        const { inputs, signal } = client;
        return await runInputSession({
          connection: process.connection,
          inputs,
          signal,
          onSignal: tellSignal(container),
        });
      }
      yield* session({ container, active, connection: process.connection, log }, client);
    } finally {
      // Whoever goes away before the session leaves output that nobody reads, which would hold the process up.
      if (!client.detach) starting.then(({ process }) => process.connection.close()).catch(() => {});
    }
  }

  async function* attach(
    reference: string,
    client: Client & { start: boolean },
  ): AsyncGenerator<ProcessEvent, void, undefined> {
    const { terminalSize } = client;
    const started = client.start ? await control.start(reference, { terminalSize, attach: true }) : null;
    const container = findContainer(store, reference);
    const active = actives.get(container.id);
    const unready = notReadyError(container, 'attach');
    if (unready !== null) throw unready;
    if (active === null || (started === null && !isActive(container))) throw notRunningError(container);
    store.tell([containerEvent(container, 'attach')]);
    await using log = clientLogs.open(container.id);
    await active.started;
    const { stateDir } = files.paths(container.id);
    const connection = started?.process.connection ?? (await attachTo(container, stateDir));
    const { pid } = started?.process ?? store.get(container.id)?.state ?? { pid: 0 };
    try {
      yield { kind: 'started', pid, timings: started?.process.timings ?? [] };
      if (terminalSize !== null) connection.resize(terminalSize);
      yield* session({ container, active, connection, log }, client);
    } finally {
      connection.close();
    }
  }

  async function attachTo(container: Container, stateDir: string): Promise<StartedProcess['connection']> {
    try {
      return await runtime.attach(stateDir, { output: true });
    } catch (error) {
      // It may have ended just now.
      const { state } = runtime.inspect(stateDir);
      throw state === 'exited' || state === 'lost' ? notRunningError(container) : error;
    }
  }

  function tellSignal(container: Container): (number: number) => void {
    return (number) => store.tell([killEvent(container, number)]);
  }

  /** Output until the container ends, then how it ended. */
  async function* session(
    { container, active, connection, log }: AttachedContainer,
    { inputs, signal }: Client,
  ): AsyncGenerator<ProcessEvent, void, undefined> {
    const onSignal = tellSignal(container);
    const { readGap } = log;
    for await (const chunk of runSession({ connection, inputs, signal, onSignal, readGap }))
      yield { kind: 'output', chunk };
    if (signal.aborted) return;
    if (deps.signal.aborted) throw serviceStopsError();
    const { stateDir } = files.paths(container.id);
    const isRunning = (): boolean => runtime.inspect(stateDir).state === 'running';
    const exit = await endOfSession(connection, isRunning, active.ended);
    // As in Docker: whoever hears of the end of a container with --rm may remove its volumes.
    if (container.config.autoRemove && usesVolumes(container)) await active.released;
    yield { kind: 'exited', exit };
  }

  return { run, attach };
}

/** Docker's `-a stdin`: whoever sends input alone is done with its end. */
function isInputOnly({ attachedStreams }: CreateRequest['config']): boolean {
  return attachedStreams.length > 0 && attachedStreams.every((stream) => stream === 'stdin');
}

/** What a client is attached to. */
interface AttachedContainer {
  readonly container: Container;
  readonly active: ActiveContainer;
  readonly connection: StartedProcess['connection'];
  readonly log: ClientLog;
}

function notRunningError({ id }: Container): BerthError {
  return new BerthError('CONTAINER_NOT_RUNNING', `container ${id} is not running`);
}
