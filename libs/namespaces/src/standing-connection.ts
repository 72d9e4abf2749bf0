import type { Socket } from 'node:net';
import { connectSocket } from './connection.ts';
import { createFrameChannel, type FrameChannel } from './frame-channel.ts';

/** Connections to a socket, of which one is made ahead. */
export interface StandingConnection {
  /** The connection that was made ahead, or a new one when it is taken or was broken. Rejects as connectSocket. */
  take(signal?: AbortSignal): Promise<FrameChannel>;
  /** Makes the next one ahead, in the background, some milliseconds from now. It does not keep the process alive. */
  prepare(): void;
}

interface Standing {
  readonly socket: Socket;
  readonly channel: FrameChannel;
}

/** The end of a short process, and the answer to it, go before: what the spawner makes for the next start takes a processor for a millisecond. */
const DELAY_MS = 8;

/**
 * A connection whose other end, a fork of the spawner, waits for the request already: a start then neither waits for the connection nor
 * for that process to come to life.
 */
export function createStandingConnection(socketPath: string): StandingConnection {
  let standing: Standing | null = null;
  let preparing = false;

  async function connectAhead(): Promise<void> {
    const socket = await connectSocket(socketPath);
    const made = { socket: socket.unref(), channel: createFrameChannel(socket) };
    socket.once('close', () => {
      if (standing === made) standing = null;
    });
    standing = made;
  }

  return {
    async take(signal) {
      const taken = standing;
      standing = null;
      if (taken === null) return createFrameChannel(await connectSocket(socketPath, signal));
      taken.socket.ref();
      return taken.channel;
    },
    prepare() {
      if (standing !== null || preparing) return;
      preparing = true;
      setTimeout(() => {
        // A spawner that is away is told to whoever needs it.
        connectAhead()
          .catch(() => {})
          .finally(() => (preparing = false));
      }, DELAY_MS).unref();
    },
  };
}
