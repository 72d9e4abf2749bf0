import { REASONS, type Kind, type Reason } from './reasons.ts';

/**
 * The one error class that crosses module boundaries. `message` is meant for the user: what was tried, on what, and what to do.
 * `cause` is for the log and never leaves the process.
 */
export class BerthError extends Error {
  override readonly name = 'BerthError';
  readonly reason: Reason;

  constructor(reason: Reason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }

  /** What kind of failure this is; decides the gRPC and the HTTP status. */
  get kind(): Kind {
    return REASONS[this.reason];
  }
}

/** Tells whether a value is a BerthError, of one of the given reasons when any are given. */
export function isBerthError(value: unknown, ...reasons: Reason[]): value is BerthError {
  return value instanceof BerthError && (reasons.length === 0 || reasons.includes(value.reason));
}

/** Makes a BerthError of anything that was thrown. An unexpected error becomes INTERNAL, with the original as its cause. */
export function toBerthError(value: unknown): BerthError {
  if (value instanceof BerthError) return value;
  return new BerthError('INTERNAL', 'internal error: see the service log', { cause: value });
}
