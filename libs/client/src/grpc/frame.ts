// HTTP/2 frames (RFC 9113, 4.1).

/** Frame types (RFC 9113, 6). */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Frame flags. ACK and END_STREAM share a bit: the type tells which is meant. */
export const Flag = { ACK: 0x1, END_STREAM: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 } as const;

/** Error codes (RFC 9113, 7), those that a gRPC client sends or explains. */
export const ErrorCode = { NO_ERROR: 0, REFUSED_STREAM: 7, CANCEL: 8 } as const;

/** Settings (RFC 9113, 6.5.2), those that either side of gRPC uses. */
export const Setting = { HEADER_TABLE_SIZE: 1, ENABLE_PUSH: 2, INITIAL_WINDOW_SIZE: 4 } as const;

/** The largest payload that either side may send: neither asks for more than the default. */
export const MAX_FRAME_SIZE = 16_384;

const HEADER_SIZE = 9;

export interface Frame {
  type: number;
  flags: number;
  streamId: number;
  payload: Buffer;
}

/** Encodes the nine octets before a payload. */
export function encodeFrameHeader(type: number, flags: number, streamId: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_SIZE);
  header.writeUIntBE(length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return header;
}

/** Encodes a frame with a small payload. */
export function encodeFrame(type: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([encodeFrameHeader(type, flags, streamId, payload.length), payload]);
}

/** Cuts a byte stream into frames. Payloads share the memory of the chunks. Throws on a frame that is too large. */
export function createFrameReader(): (chunk: Buffer) => Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    while (bytes.length >= HEADER_SIZE) {
      const length = bytes.readUIntBE(0, 3);
      if (length > MAX_FRAME_SIZE) throw new Error(`HTTP/2: a frame of ${length} bytes`);
      if (bytes.length < HEADER_SIZE + length) break;
      frames.push({
        type: bytes[3] ?? 0,
        flags: bytes[4] ?? 0,
        streamId: bytes.readUInt32BE(5) & 0x7fffffff,
        payload: bytes.subarray(HEADER_SIZE, HEADER_SIZE + length),
      });
      bytes = bytes.subarray(HEADER_SIZE + length);
    }
    rest = bytes;
    return frames;
  };
}

/** Removes padding and priority from the payload of a DATA or HEADERS frame (RFC 9113, 6.1 and 6.2). */
export function unpadPayload(frame: Frame): Buffer {
  let { payload } = frame;
  let padding = 0;
  if (frame.flags & Flag.PADDED) {
    padding = payload[0] ?? 0;
    payload = payload.subarray(1);
  }
  if (frame.type === FrameType.HEADERS && frame.flags & Flag.PRIORITY) payload = payload.subarray(5);
  if (padding > payload.length) throw new Error('HTTP/2: more padding than payload');
  return payload.subarray(0, payload.length - padding);
}
