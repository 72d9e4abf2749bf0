import { BerthError, isReason, type Kind } from '@berth/errors';
import { Status } from 'nice-grpc-common';

/** The trailer that carries a failure's reason code. */
export const REASON_TRAILER = 'berth-reason';

/** Kind of failure → gRPC status. */
export const STATUS_OF_KIND: Record<Kind, Status> = {
  invalid_argument: Status.INVALID_ARGUMENT,
  not_found: Status.NOT_FOUND,
  already_exists: Status.ALREADY_EXISTS,
  failed_precondition: Status.FAILED_PRECONDITION,
  aborted: Status.ABORTED,
  resource_exhausted: Status.RESOURCE_EXHAUSTED,
  permission_denied: Status.PERMISSION_DENIED,
  unauthenticated: Status.UNAUTHENTICATED,
  unavailable: Status.UNAVAILABLE,
  unimplemented: Status.UNIMPLEMENTED,
  internal: Status.INTERNAL,
};

/** A failed call, as its status and trailer tell it. */
export interface FailedCall {
  code: Status;
  details: string;
  /** The value of the reason trailer, undefined when the failure is gRPC's own. */
  reason: string | undefined;
}

/** gRPC status and reason trailer → BerthError. `target` names the peer in the text of an unreachable one. */
export function toClientError(call: FailedCall, target: string, cause: unknown): BerthError {
  if (call.reason !== undefined && isReason(call.reason)) return new BerthError(call.reason, call.details, { cause });
  switch (call.code) {
    case Status.UNAVAILABLE:
      return new BerthError('SERVICE_UNAVAILABLE', `cannot reach ${target}: ${call.details}`, { cause });
    case Status.UNIMPLEMENTED:
      return new BerthError('UNIMPLEMENTED', `${target} does not know this call: ${call.details}`, { cause });
    case Status.CANCELLED:
      return new BerthError('CANCELLED', `the call to ${target} was cancelled`, { cause });
    default:
      return new BerthError('INTERNAL', `${target}: ${call.details}`, { cause });
  }
}
