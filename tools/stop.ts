// Stops the engine that BERTH_ROOT names, or the host's. Containers run on.
import { resolvePaths } from '@berth/client';
import { stopEngine } from '@berth/launcher';

const stopped = await stopEngine({ paths: resolvePaths(process.env), env: process.env });
console.log(stopped.length === 0 ? 'The engine did not run.' : `Stopped ${stopped.join(', ')}. Containers run on.`);
