export { checkHealth } from './check-health.ts';
export { connectService, type ServiceConnection } from './connect-service.ts';
export { engineNames, legacyCgroupDirs, type EngineNames } from './engine-names.ts';
export { resolvePaths, SERVICE_NAMES, type EnginePaths, type ServiceName } from './engine-paths.ts';
export { EVENT_STREAM, readEvents, type EventStreamOptions, type ReceivedEvent } from './event-stream.ts';
export { connectNats, readNatsEndpoint, type NatsEndpoint } from './nats-endpoint.ts';
export { REASON_TRAILER } from './grpc/call-error.ts';
export { STATUS_OF_KIND } from './status-mapping.ts';
