import { closeSync, constants, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';

/** What sun_path of a unix socket address holds, less its terminating zero (unix(7)). */
const MAX_ADDRESS_BYTES = 107;

/** Connects to a unix socket, also one whose path is too long for an address: through a descriptor of its directory. */
export function connectSocket(path: string): Socket {
  if (Buffer.byteLength(path) <= MAX_ADDRESS_BYTES) return connect(path);
  const directory = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  const socket = connect(`/proc/self/fd/${directory}/${basename(path)}`);
  // Once: by the time of a later error the number is somebody else's.
  const close = () => {
    socket.off('connect', close).off('error', close);
    closeSync(directory);
  };
  socket.on('connect', close).on('error', close);
  return socket;
}
