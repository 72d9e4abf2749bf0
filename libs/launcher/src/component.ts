import type { EnginePaths, ServiceName } from '@berth/client';

/** The name of a process of an engine. */
export type ComponentName = 'nats' | 'native' | ServiceName;

/** What starts one process of an engine. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** One process of an engine. */
export interface Component {
  /** Also the name of its record and its log. */
  readonly name: ComponentName;
  /** The program: when it is younger than its process, the process is outdated. */
  readonly program: string;
  /** Prepares what the process needs, and tells how to start it. */
  prepare(): Promise<Command>;
  /** Tells whether it answers. With the pid it may finish what only a live process can tell, such as its port. */
  isReady(pid: number | null): Promise<boolean>;
}

/** What components are made from. */
export interface ComponentContext {
  readonly paths: EnginePaths;
  /** The environment that services get. */
  readonly env: NodeJS.ProcessEnv;
}

export function recordFile(paths: EnginePaths, component: Pick<Component, 'name'>): string {
  return `${paths.runDir}/pids/${component.name}.json`;
}

export function logFile(paths: EnginePaths, component: Pick<Component, 'name'>): string {
  return `${paths.stateDir}/log/${component.name}.log`;
}
