import type { Fault as ServiceFault } from '@berth/service-kit';

/** Steps after which a crash must lose nothing, each named by the port that took it; the tests crash the service at each. */
export const FAULT_POINTS = [
  'layer:staged',
  'layer:copied',
  'layer:placed',
  'layer:trashed',
  'layers:synced',
  'content:ingested',
  'content:leased',
  'lease:noted',
  'lease:forgotten',
  'image:committed',
  'image:tagged',
  'image:untagged',
  'image:removed',
  'image:synced',
  'snapshot:made',
  'snapshot:trashed',
  'snapshot:row',
  'snapshot:forgotten',
] as const;

/** One of them. */
export type FaultPoint = (typeof FAULT_POINTS)[number];

export type Fault = ServiceFault<FaultPoint>;
