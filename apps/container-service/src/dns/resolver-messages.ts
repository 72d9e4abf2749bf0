import type { NamedContainer } from './name-table.ts';

/** What the resolver's thread can be asked to do. */
export type ResolverTask =
  | { readonly kind: 'set'; readonly container: NamedContainer }
  | { readonly kind: 'remove'; readonly id: string }
  | { readonly kind: 'listen'; readonly address: string }
  | { readonly kind: 'ignore'; readonly address: string };

/** A task with the number that its reply has. */
export interface ResolverRequest {
  readonly number: number;
  readonly task: ResolverTask;
}

/** The task is done; or it failed, with the system's error code, such as EADDRINUSE. */
export interface ResolverReply {
  readonly number: number;
  readonly error: string | null;
}
