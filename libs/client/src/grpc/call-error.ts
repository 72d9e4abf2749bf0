import { BerthError, isReason } from '@berth/errors';
import type { StreamFailure } from './http2-connection.ts';
import { ErrorCode } from './frame.ts';
import type { Headers } from './hpack.ts';

/** gRPC status codes that mean something to a client (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
const Status = { OK: '0', CANCELLED: '1', UNIMPLEMENTED: '12', UNAVAILABLE: '14' } as const;

/** The trailer that carries a failure's reason code. */
export const REASON_TRAILER = 'berth-reason';

/** What connect(2) and the way to the socket fail with. */
const CANNOT_CONNECT = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'EACCES', 'EPERM']);

/** Nobody listens at the service's socket, or it may not be used. */
export class UnreachableError extends BerthError {
  readonly socketPath: string;
  /** The system's error code, such as ENOENT. */
  readonly code: string;

  constructor(socketPath: string, { code = '' }: NodeJS.ErrnoException) {
    super('SERVICE_UNAVAILABLE', `cannot reach ${socketPath}: ${code}`);
    this.socketPath = socketPath;
    this.code = code;
  }
}

/** Makes an error of a call's trailers; undefined when the call succeeded. `service` names the peer in texts of gRPC's own failures. */
export function errorOfTrailers(headers: Headers, service: string): BerthError | undefined {
  const code = headers.get('grpc-status');
  if (code === Status.OK) return undefined;
  const details = decodeMessage(headers.get('grpc-message') ?? '');
  const reason = headers.get(REASON_TRAILER);
  if (reason !== undefined && isReason(reason)) return new BerthError(reason, details);
  switch (code) {
    case Status.CANCELLED:
      return new BerthError('CANCELLED', `the call to ${service} was cancelled`);
    case Status.UNIMPLEMENTED:
      return new BerthError('UNIMPLEMENTED', `${service} does not know this call: ${details}`);
    case Status.UNAVAILABLE:
      return new BerthError('SERVICE_UNAVAILABLE', `${service}: ${details}`);
    default:
      return new BerthError('INTERNAL', `${service}: ${details || `gRPC status ${code ?? 'missing'}`}`);
  }
}

/** Makes an error of a stream that did not come to its end. */
export function errorOfFailure(failure: StreamFailure, socketPath: string, service: string): Error {
  if ('error' in failure) return connectionError(failure.error, socketPath, service);
  if (failure.resetCode === ErrorCode.CANCEL) return new BerthError('CANCELLED', `${service} cancelled the call`);
  return new BerthError('SERVICE_UNAVAILABLE', `${service} ended the call: HTTP/2 error ${failure.resetCode}`);
}

function connectionError(cause: NodeJS.ErrnoException, socketPath: string, service: string): Error {
  if (CANNOT_CONNECT.has(cause.code ?? '')) return new UnreachableError(socketPath, cause);
  return new BerthError('SERVICE_UNAVAILABLE', `lost the connection to ${service}: ${cause.message}`, { cause });
}

/** Percent-decodes a grpc-message; what is not well-formed is shown as it is. */
function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
