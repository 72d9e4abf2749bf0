export { openCommitFlush, type CommitFlush } from './commit-flush.ts';
export { openDatabase, transaction, type DatabaseOptions } from './database.ts';
export { publishEvents, subjectToken, type EventPublisherOptions } from './event-publisher.ts';
export { createFault, type Fault } from './fault.ts';
export { bindService, serveGrpc, type GrpcServer, type ServiceBinding } from './grpc-server.ts';
export { createKeyedLock, type KeyedLock } from './keyed-lock.ts';
export { measureDirectory } from './measure-directory.ts';
export { openOutbox, type EventSink, type NewEvent, type Outbox, type PendingEvent } from './outbox.ts';
export { runService, type ServiceContext, type ServiceOptions, type StartedService } from './run-service.ts';
