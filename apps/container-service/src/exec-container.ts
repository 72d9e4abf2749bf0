import { randomBytes } from 'node:crypto';
import { BerthError } from '@berth/errors';
import type { TerminalSize } from './container-config.ts';
import type { Container, Identity } from './container.ts';
import { containerEvent, execDieEvent, oomEvents } from './events.ts';
import type { Fault } from './fault.ts';
import { findContainer } from './find-container.ts';
import { followProcess, serviceStopsError } from './follow-process.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import type { ContainerFiles } from './ports/files.ts';
import type { ImageClient } from './ports/images.ts';
import type { Log } from './ports/log.ts';
import type { ProcessConnection, ProcessExit, StartedProcess } from './ports/process.ts';
import type { Runtime } from './ports/runtime.ts';
import type { ContainerStore, Exec, ExecStore } from './ports/stores.ts';
import { endOfSession, noLog, runSession } from './process-session.ts';
import type { Client, ProcessEvent } from './run-container.ts';
import { notReadyError } from './restart-containers.ts';
import { failedStartExitCode } from './start-container.ts';
import { checkEnvironment } from './spec/environment.ts';
import { checkArguments, resolveWorkingDirectory } from './spec/specify-container.ts';
import { resolveUser } from './spec/user.ts';

/** What execs need. */
export interface ExecDeps {
  readonly store: ContainerStore;
  readonly execs: ExecStore;
  readonly images: ImageClient;
  readonly files: ContainerFiles;
  readonly runtime: Runtime;
  readonly plans: PlanBuilder;
  readonly nowNs: () => bigint;
  readonly fault: Fault;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What to execute. Empty means: as the container. */
export interface ExecRequest {
  readonly container: string;
  readonly command: readonly string[];
  readonly environment: readonly string[];
  readonly workingDirectory: string;
  readonly user: string;
  readonly terminal: boolean;
  readonly openStdin: boolean;
  readonly detach: boolean;
  /** All capabilities, and the seccomp filter that the container's profile has for those. */
  readonly privileged: boolean;
}

/** A process that has just been started. */
export interface LaunchedExec {
  readonly process: StartedProcess;
  /** Its run-time directory. */
  readonly stateDir: string;
  /** Resolves when its end is recorded; rejects when the service stops. */
  readonly ended: Promise<ProcessExit>;
}

/** Further processes in containers. */
export interface ContainerExecs {
  /** Runs a process and stays to its end unless `detach` is set. Throws CONTAINER_NOT_RUNNING, and as Runtime. */
  exec(request: ExecRequest, client: Client): AsyncGenerator<ProcessEvent, void, undefined>;
  /** Starts a process whose output the caller reads to its end, or whose connection it closes. Throws as exec. */
  launch(request: ExecRequest): Promise<LaunchedExec>;
  /** Follows an exec that an earlier life of the service started. */
  resume(exec: Exec): void;
}

/** Execs of all containers. */
export function createContainerExecs(deps: ExecDeps): ContainerExecs {
  const { store, execs, images, files, runtime, plans, fault, log, signal } = deps;

  async function* exec(request: ExecRequest, client: Client): AsyncGenerator<ProcessEvent, void, undefined> {
    const container = findRunning(request.container);
    const { process, stateDir, ended } = await start(container, request, client.terminalSize);
    const { connection } = process;
    try {
      yield { kind: 'started', pid: process.pid, timings: process.timings };
      if (request.detach) return;
      const session = { connection, inputs: client.inputs, signal: client.signal, onSignal: () => {}, readGap: noLog };
      for await (const chunk of runSession(session)) yield { kind: 'output', chunk };
      if (signal.aborted) throw serviceStopsError();
      if (client.signal.aborted) return;
      const isRunning = (): boolean => runtime.inspect(stateDir).state === 'running';
      yield { kind: 'exited', exit: await endOfSession(connection, isRunning, ended) };
    } finally {
      // Whoever goes away before the session leaves output that nobody reads, which would hold the process up.
      if (!request.detach) connection.close();
    }
  }

  function findRunning(reference: string): Container {
    const container = findContainer(store, reference);
    if (container.state.status === 'running') return container;
    const unready = notReadyError(container, 'exec');
    if (unready !== null) throw unready;
    throw new BerthError('CONTAINER_NOT_RUNNING', `container ${container.id} is not running`);
  }

  async function start(
    container: Container,
    request: ExecRequest,
    terminalSize: TerminalSize | null,
  ): Promise<LaunchedExec> {
    const { command, environment, terminal, openStdin } = request;
    if (command.length === 0) throw new BerthError('COMMAND_MISSING', 'No exec command specified');
    checkArguments(command);
    checkEnvironment(environment);
    const identity = await identityFor(container, request.user);
    const workingDirectory = resolveWorkingDirectory(request.workingDirectory || container.workingDirectory);
    // It may have ended, and be removed, since it was looked up.
    findRunning(container.id);
    const record: Exec = { id: randomBytes(8).toString('hex'), containerId: container.id };
    const attributes = { execID: record.id, command: command.join(' ') };
    execs.insert(record, [
      containerEvent(container, 'exec_create', attributes),
      containerEvent(container, 'exec_start', attributes),
    ]);
    fault('exec:row');
    try {
      const stateDir = files.prepareExec(container.id, record.id);
      const process = await runtime.startExec(
        plans.exec(container, {
          stateDir,
          containerStateDir: files.paths(container.id).stateDir,
          arguments: command,
          environment,
          workingDirectory,
          identity,
          privileged: request.privileged || container.config.isolation.privileged,
          terminal,
          terminalSize,
          openStdin,
          detached: request.detach,
        }),
      );
      fault('exec:spawned');
      const ended = follow(record, process.connection);
      ended.catch(() => {});
      return { process, stateDir, ended };
    } catch (error) {
      // What was told to start is told to have ended: whoever counts execs by events counts right.
      forget(record, [execDieEvent(container, record.id, failedStartExitCode(error))]);
      throw error;
    }
  }

  async function identityFor(container: Container, user: string): Promise<Identity> {
    if (user === '' && container.state.identity !== null) return container.state.identity;
    const snapshot = await images.prepareSnapshot(container.id, container.imageId);
    return resolveUser(user || container.user, snapshot, container.config.isolation.additionalGroups);
  }

  async function follow(record: Exec, connection: ProcessConnection | null): Promise<ProcessExit> {
    const stateDir = files.execDir(record.containerId, record.id);
    const exit = await followProcess(deps, { stateDir, connection, onConnection: () => {} });
    fault('exec:exited');
    const container = store.get(record.containerId);
    const die = (running: Container) => [...oomEvents(running, exit), execDieEvent(running, record.id, exit.exitCode)];
    forget(record, container === null ? [] : die(container));
    return exit;
  }

  function forget(record: Exec, events: Parameters<ExecStore['remove']>[1]): void {
    execs.remove(record.id, events);
    // Nobody waits for it: what a crash leaves goes with the container's run.
    files.removeExec(record.containerId, record.id).catch((error: unknown) => {
      log.warn({ containerId: record.containerId, err: error }, 'directory of an exec not removed');
    });
  }

  return {
    exec,
    launch: async (request) => start(findRunning(request.container), request, null),
    resume(record) {
      follow(record, null).catch((error: unknown) => {
        if (!signal.aborted) log.error({ containerId: record.containerId, err: error }, 'exec no longer followed');
      });
    },
  };
}
