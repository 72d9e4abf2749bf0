/** The frames of native.proto: u32 little-endian payload size | u8 type | three zero bytes | payload. */

export const FRAME_HEADER_SIZE = 8;
export const FRAME_SIZE_MAX = 8 * 1024 * 1024;

export const FRAME = {
  request: 1,
  reply: 2,
  stdin: 16,
  stdinEnd: 17,
  resize: 18,
  signal: 19,
  follow: 20,
  stdout: 32,
  stderr: 33,
  exited: 34,
  logPosition: 35,
} as const;

/** A frame, or, for stdout and stderr, a piece of one: output is passed on as it comes. */
export interface Frame {
  readonly type: number;
  readonly payload: Uint8Array;
}

export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** The bytes of one frame. */
export function encodeFrame(type: number, payload: Uint8Array): Uint8Array {
  if (payload.length > FRAME_SIZE_MAX) throw new FrameError(`a frame of ${payload.length} bytes is too large`);
  const frame = Buffer.alloc(FRAME_HEADER_SIZE + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt8(type, 4);
  frame.set(payload, FRAME_HEADER_SIZE);
  return frame;
}

/** Cuts a byte stream into frames, whatever the pieces it comes in. Throws a FrameError when the stream is broken. */
export function createFrameReader(): (chunk: Uint8Array) => Frame[] {
  const header = Buffer.alloc(FRAME_HEADER_SIZE);
  let headerSize = 0;
  let left = 0;
  let pieces: Uint8Array[] = [];

  function startFrame(chunk: Uint8Array, at: number): number {
    const taken = Math.min(FRAME_HEADER_SIZE - headerSize, chunk.length - at);
    header.set(chunk.subarray(at, at + taken), headerSize);
    headerSize += taken;
    if (headerSize < FRAME_HEADER_SIZE) return taken;
    left = header.readUInt32LE(0);
    if (left > FRAME_SIZE_MAX || header.readUIntLE(5, 3) !== 0) throw new FrameError('the stream is not one of frames');
    return taken;
  }

  function takePayload(chunk: Uint8Array, at: number): { taken: number; frame: Frame | undefined } {
    const payload = chunk.subarray(at, at + Math.min(left, chunk.length - at));
    const type = header.readUInt8(4);
    left -= payload.length;
    if (left === 0) headerSize = 0;
    if (type === FRAME.stdout || type === FRAME.stderr) {
      return { taken: payload.length, frame: payload.length > 0 ? { type, payload } : undefined };
    }
    pieces.push(payload);
    if (left > 0) return { taken: payload.length, frame: undefined };
    const whole = pieces.length === 1 ? payload : Buffer.concat(pieces);
    pieces = [];
    return { taken: payload.length, frame: { type, payload: whole } };
  }

  return (chunk) => {
    const frames: Frame[] = [];
    for (let at = 0; at < chunk.length;) {
      if (headerSize < FRAME_HEADER_SIZE) at += startFrame(chunk, at);
      if (headerSize < FRAME_HEADER_SIZE) break;
      const { taken, frame } = takePayload(chunk, at);
      at += taken;
      if (frame !== undefined) frames.push(frame);
    }
    return frames;
  };
}
