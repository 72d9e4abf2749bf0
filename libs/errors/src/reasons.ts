/** Kinds of failure, named as gRPC's status codes (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
export type Kind =
  | 'invalid_argument'
  | 'not_found'
  | 'already_exists'
  | 'failed_precondition'
  | 'aborted'
  | 'resource_exhausted'
  | 'permission_denied'
  | 'unauthenticated'
  | 'unavailable'
  | 'unimplemented'
  | 'internal';

/** Every stable reason code with its kind. docs/errors.md explains each; a test compares the two. */
export const REASONS = {
  // Any service
  INVALID_ARGUMENT: 'invalid_argument',
  ABORTED: 'aborted',
  CANCELLED: 'aborted',
  DISK_FULL: 'resource_exhausted',
  INTERNAL: 'internal',
  SERVICE_UNAVAILABLE: 'unavailable',
  UNIMPLEMENTED: 'unimplemented',

  // References and registries
  REFERENCE_INVALID: 'invalid_argument',
  DIGEST_INVALID: 'invalid_argument',
  MANIFEST_NOT_FOUND: 'not_found',
  BLOB_NOT_FOUND: 'not_found',
  BLOB_IN_USE: 'failed_precondition',
  REGISTRY_DENIED: 'permission_denied',
  REGISTRY_UNAUTHORIZED: 'unauthenticated',
  REGISTRY_UNAVAILABLE: 'unavailable',
  REGISTRY_RATE_LIMITED: 'resource_exhausted',
  REGISTRY_PROTOCOL: 'unavailable',
  REGISTRY_REFUSED: 'failed_precondition',
  DIGEST_MISMATCH: 'failed_precondition',
  SIZE_MISMATCH: 'failed_precondition',
  MANIFEST_INVALID: 'failed_precondition',
  MANIFEST_TOO_LARGE: 'resource_exhausted',
  MEDIA_TYPE_UNSUPPORTED: 'failed_precondition',
  PLATFORM_NOT_FOUND: 'not_found',

  // Images
  IMAGE_NOT_FOUND: 'not_found',
  IMAGE_AMBIGUOUS: 'invalid_argument',
  IMAGE_IN_USE: 'failed_precondition',
  IMAGE_CONFIG_INVALID: 'failed_precondition',
  ARCHIVE_INVALID: 'failed_precondition',
  FILE_NOT_SEEN: 'not_found',
  LAYER_INVALID: 'failed_precondition',
  LAYER_LIMIT: 'resource_exhausted',
  SNAPSHOT_NOT_FOUND: 'not_found',

  // Containers
  CONTAINER_NOT_FOUND: 'not_found',
  CONTAINER_AMBIGUOUS: 'invalid_argument',
  CONTAINER_NAME_INVALID: 'invalid_argument',
  CONTAINER_NAME_IN_USE: 'already_exists',
  CONTAINER_RUNNING: 'failed_precondition',
  CONTAINER_NOT_RUNNING: 'failed_precondition',
  CONTAINER_PAUSED: 'failed_precondition',
  CONTAINER_NOT_PAUSED: 'failed_precondition',
  CONTAINER_RESTARTING: 'failed_precondition',
  CONTAINER_NOT_KILLED: 'aborted',
  PATH_NOT_FOUND: 'not_found',
  PATH_CONFLICT: 'failed_precondition',
  PATH_READ_ONLY: 'failed_precondition',
  LOG_NOT_READABLE: 'failed_precondition',
  COMMAND_MISSING: 'invalid_argument',
  DEVICE_UNAVAILABLE: 'failed_precondition',
  LIMIT_REFUSED: 'failed_precondition',
  COMMAND_NOT_FOUND: 'failed_precondition',
  COMMAND_NOT_EXECUTABLE: 'failed_precondition',
  USER_INVALID: 'invalid_argument',
  START_FAILED: 'failed_precondition',
  NAME_SERVER_FAILED: 'failed_precondition',
  KERNEL_TOO_OLD: 'failed_precondition',
  USER_IDS_EXHAUSTED: 'resource_exhausted',
  NETWORK_NOT_FOUND: 'not_found',
  NETWORK_AMBIGUOUS: 'invalid_argument',
  NETWORK_EXISTS: 'already_exists',
  NETWORK_IN_USE: 'failed_precondition',
  NETWORK_CONNECTED: 'already_exists',
  NETWORK_NOT_CONNECTED: 'failed_precondition',
  NETWORK_PREDEFINED: 'permission_denied',
  NETWORK_DRIVER_NOT_FOUND: 'not_found',
  SUBNET_IN_USE: 'failed_precondition',
  ADDRESS_POOL_EMPTY: 'resource_exhausted',
  ADDRESS_IN_USE: 'failed_precondition',
  NETWORK_MISSING: 'failed_precondition',
  PORT_IN_USE: 'failed_precondition',

  // Volumes
  VOLUME_NOT_FOUND: 'not_found',
  VOLUME_NAME_INVALID: 'invalid_argument',
  VOLUME_EXISTS: 'already_exists',
  VOLUME_IN_USE: 'failed_precondition',
  VOLUME_MOUNTED: 'failed_precondition',
} as const satisfies Record<string, Kind>;

/** A stable reason code: programs decide by it, it never changes its meaning. */
export type Reason = keyof typeof REASONS;

/** Tells whether a string from the wire is a known reason. */
export function isReason(value: string): value is Reason {
  return Object.hasOwn(REASONS, value);
}
