import type { NamedContainer } from './name-table.ts';

/** What the resolver's process knows, and where it answers. */
export interface ResolverState {
  readonly containers: readonly NamedContainer[];
  readonly addresses: readonly string[];
}

/** What the resolver's process can be asked to do. */
export type ResolverTask =
  | { readonly kind: 'set'; readonly container: NamedContainer }
  | { readonly kind: 'remove'; readonly id: string }
  | { readonly kind: 'listen'; readonly address: string }
  | { readonly kind: 'ignore'; readonly address: string }
  /** Forgets all other containers and addresses: they went while nobody told. */
  | { readonly kind: 'retain'; readonly containerIds: readonly string[]; readonly addresses: readonly string[] }
  /** Tells its state. */
  | { readonly kind: 'state' }
  /** Is found at its socket from now on, in place of another one. */
  | { readonly kind: 'take-place' }
  /** Ends, for another one answers. */
  | { readonly kind: 'end' };

/** A task with the number that its reply has. */
export interface ResolverRequest {
  readonly number: number;
  readonly task: ResolverTask;
}

/** The task is done; or it failed, with the system's error code, such as EADDRINUSE. */
export interface ResolverReply {
  readonly number: number;
  readonly error: string | null;
  /** For `state`. */
  readonly state?: ResolverState;
}

/** The first line on each connection. Each message is a line of JSON. */
export interface ResolverGreeting {
  readonly pid: number;
  /** Names the program: a service ends one of another version, once its own has taken over. */
  readonly version: string;
}
