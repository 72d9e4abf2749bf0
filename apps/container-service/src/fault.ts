import type { Fault as ServiceFault } from '@berth/service-kit';

/** Steps after which a crash must lose nothing; the tests crash the service at each. */
export const FAULT_POINTS = [
  'create:begun',
  'create:snapshot',
  'create:row',
  'start:row',
  'start:files',
  'start:spawned',
  'start:running',
  'exit:heard',
  'exit:recorded',
  'release:runtime',
  'remove:row',
  'clean:snapshot',
  'clean:files',
  'exec:row',
  'exec:spawned',
  'exec:exited',
  'restart:waiting',
  'restart:due',
  'restart:stopped',
  'stop:row',
  'pause:frozen',
  'unpause:thawed',
  'rename:row',
  'update:noted',
  'update:limited',
  'network-create:noted',
  'network-create:bridge',
  'network-rm:row',
  'network-connect:row',
  'network-connect:attached',
  'network-connect:published',
  'network-disconnect:detached',
  'network-disconnect:row',
  'network-disconnect:published',
] as const;

/** One of them. */
export type FaultPoint = (typeof FAULT_POINTS)[number];

/** Called at each step; does nothing in normal life. */
export type Fault = ServiceFault<FaultPoint>;
