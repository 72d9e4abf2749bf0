import { join } from 'node:path';

/** Where containers find the work program. */
export const WORK_BIND = { source: join(import.meta.dirname, '../native/build'), target: '/berth-bench' };

/** The work program on the host, and in a container that has WORK_BIND. */
export const WORK_ON_HOST = `${WORK_BIND.source}/work`;
export const WORK_IN_CONTAINER = `${WORK_BIND.target}/work`;
