// A client's end of an HTTP/2 connection (RFC 9113) over a unix socket, as much of it as gRPC uses.
import type { Socket } from 'node:net';
import { createFrameReader, encodeFrame, encodeFrameHeader, unpadPayload } from './frame.ts';
import { ErrorCode, Flag, FrameType, MAX_FRAME_SIZE, Setting, type Frame } from './frame.ts';
import { decodeHeaders, type Headers } from './hpack.ts';

/** What becomes of a stream. After `onEnd` or `onFailure` nothing more comes. */
export interface StreamListener {
  onData(data: Buffer): void;
  /** The peer has ended the stream, with these trailers. The headers before the data are not looked at: gRPC says nothing in them. */
  onEnd(trailers: Headers): void;
  onFailure(failure: StreamFailure): void;
}

/** Why a stream failed: the peer reset it with an HTTP/2 error code, or the connection is lost. */
export type StreamFailure = { resetCode: number } | { error: Error };

/** One request and its answer. After the end or a failure every method does nothing. */
export interface Http2Stream {
  /** Sends data as the peer's windows and the socket allow; resolves when more may be given. */
  write(data: Buffer): Promise<void>;
  /** Ends the request. */
  end(): void;
  /** Gives the stream up; the listener hears nothing more. */
  cancel(): void;
  /** Lets the peer send so many bytes more. */
  grant(bytes: number): void;
}

/** How much a peer may send on one stream before it is granted more, in bytes. */
export const STREAM_WINDOW = 1024 * 1024;

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const DEFAULT_WINDOW = 65_535;
const MAX_WINDOW = 2 ** 31 - 1;
const MAX_STREAM_ID = 2 ** 31 - 1;

interface StreamState {
  listener: StreamListener;
  sendWindow: number;
  localEnded: boolean;
}

/** Speaks HTTP/2 over a socket that is connected, or connecting. */
export class Http2Connection {
  readonly #socket: Socket;
  readonly #streams = new Map<number, StreamState>();
  #nextStreamId = 1;
  #failure: Error | undefined;
  #isLeaving = false;
  #isCorked = false;
  #sendWindow = DEFAULT_WINDOW;
  #initialSendWindow = DEFAULT_WINDOW;
  #receivedSinceGrant = 0;
  #headerBlock: { streamId: number; flags: number; parts: Buffer[] } | undefined;
  // Writers that wait for a window or for the socket. Whatever may let one go on wakes them all; each looks for itself.
  #waiting: (() => void)[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    const readFrames = createFrameReader();
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of readFrames(chunk)) this.#receive(frame);
      } catch (error) {
        this.#fail(error as Error);
      }
    });
    socket.on('drain', () => this.#wake());
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
    this.#send(Buffer.concat([Buffer.from(PREFACE), settings(), windowUpdate(0, MAX_WINDOW - DEFAULT_WINDOW)]));
  }

  /** False when a new request needs a new connection: this one is lost, or the peer is leaving. */
  get isUsable(): boolean {
    return this.#failure === undefined && !this.#isLeaving && this.#nextStreamId < MAX_STREAM_ID;
  }

  /** Begins a request of encoded fields. With a body it is whole: nothing more is written. */
  request(headers: Buffer, listener: StreamListener, body?: Buffer): Http2Stream {
    const streamId = this.#nextStreamId;
    this.#nextStreamId += 2;
    if (this.#failure) {
      const error = this.#failure;
      queueMicrotask(() => listener.onFailure({ error }));
    } else {
      this.#streams.set(streamId, { listener, sendWindow: this.#initialSendWindow, localEnded: false });
      this.#send(encodeFrame(FrameType.HEADERS, Flag.END_HEADERS, streamId, headers));
      if (body !== undefined) void this.#write(streamId, body).then(() => this.#end(streamId));
    }
    return {
      write: (data) => this.#write(streamId, data),
      end: () => this.#end(streamId),
      cancel: () => this.#cancel(streamId),
      grant: (bytes) => {
        if (this.#streams.has(streamId)) this.#send(windowUpdate(streamId, bytes));
      },
    };
  }

  /** Ends the connection; streams that are still open fail. */
  close(): void {
    this.#isLeaving = true;
    this.#socket.end();
    this.#socket.unref();
  }

  #receive(frame: Frame): void {
    switch (frame.type) {
      case FrameType.DATA:
        return this.#receiveData(frame);
      case FrameType.HEADERS:
        this.#headerBlock = { streamId: frame.streamId, flags: frame.flags, parts: [unpadPayload(frame)] };
        return this.#finishHeaders(frame.flags);
      case FrameType.CONTINUATION:
        this.#headerBlock?.parts.push(frame.payload);
        return this.#finishHeaders(frame.flags);
      case FrameType.RST_STREAM:
        return this.#failStream(frame.streamId, frame.payload.readUInt32BE(0));
      case FrameType.SETTINGS:
        return this.#receiveSettings(frame);
      case FrameType.PING:
        if (frame.flags & Flag.ACK) return;
        this.#send(encodeFrame(FrameType.PING, Flag.ACK, 0, frame.payload));
        return;
      case FrameType.GOAWAY:
        return this.#refuseAfter(frame.payload.readUInt32BE(0) & MAX_WINDOW);
      case FrameType.WINDOW_UPDATE:
        return this.#receiveWindow(frame.streamId, frame.payload.readUInt32BE(0) & MAX_WINDOW);
      default:
        // Unknown types are ignored (RFC 9113, 4.1). Pushes are off.
        return;
    }
  }

  #receiveData(frame: Frame): void {
    // The connection as a whole is not limited, each of its streams is.
    this.#receivedSinceGrant += frame.payload.length;
    if (this.#receivedSinceGrant > MAX_WINDOW / 2) {
      this.#send(windowUpdate(0, this.#receivedSinceGrant));
      this.#receivedSinceGrant = 0;
    }
    this.#streams.get(frame.streamId)?.listener.onData(unpadPayload(frame));
    if (frame.flags & Flag.END_STREAM) this.#endRemote(frame.streamId, new Map());
  }

  #finishHeaders(flags: number): void {
    if (!(flags & Flag.END_HEADERS) || !this.#headerBlock) return;
    const { streamId, flags: streamFlags, parts } = this.#headerBlock;
    this.#headerBlock = undefined;
    if (streamFlags & Flag.END_STREAM) this.#endRemote(streamId, decodeHeaders(Buffer.concat(parts)));
  }

  #receiveSettings(frame: Frame): void {
    if (frame.flags & Flag.ACK) return;
    for (let at = 0; at + 6 <= frame.payload.length; at += 6) {
      if (frame.payload.readUInt16BE(at) !== Setting.INITIAL_WINDOW_SIZE) continue;
      const window = frame.payload.readUInt32BE(at + 2);
      for (const stream of this.#streams.values()) stream.sendWindow += window - this.#initialSendWindow;
      this.#initialSendWindow = window;
    }
    this.#send(encodeFrame(FrameType.SETTINGS, Flag.ACK, 0));
    this.#wake();
  }

  #receiveWindow(streamId: number, increment: number): void {
    const stream = this.#streams.get(streamId);
    if (streamId === 0) this.#sendWindow += increment;
    else if (stream) stream.sendWindow += increment;
    this.#wake();
  }

  /** Streams that the peer will never serve fail; those that it has begun go on to their end (RFC 9113, 6.8). */
  #refuseAfter(lastServed: number): void {
    this.#isLeaving = true;
    for (const id of this.#streams.keys()) if (id > lastServed) this.#failStream(id, ErrorCode.REFUSED_STREAM);
    this.#leaveWhenIdle();
  }

  #endRemote(streamId: number, trailers: Headers): void {
    const stream = this.#streams.get(streamId);
    if (!stream) return;
    this.#streams.delete(streamId);
    // An answer that is complete before the request is: the peer wants no more of it (RFC 9113, 8.1).
    if (!stream.localEnded) this.#send(resetStream(streamId, ErrorCode.NO_ERROR));
    stream.listener.onEnd(trailers);
    this.#leaveWhenIdle();
    this.#wake();
  }

  #failStream(streamId: number, resetCode: number): void {
    const stream = this.#streams.get(streamId);
    this.#streams.delete(streamId);
    stream?.listener.onFailure({ resetCode });
    this.#leaveWhenIdle();
    this.#wake();
  }

  #fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#socket.destroy();
    const open = [...this.#streams.values()];
    this.#streams.clear();
    for (const { listener } of open) listener.onFailure({ error });
    this.#wake();
  }

  async #write(streamId: number, data: Buffer): Promise<void> {
    let rest = data;
    while (rest.length > 0) {
      const stream = this.#streams.get(streamId);
      if (!stream || stream.localEnded) return;
      const size = Math.min(rest.length, MAX_FRAME_SIZE, this.#sendWindow, stream.sendWindow);
      if (size <= 0 || this.#socket.writableNeedDrain) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
        continue;
      }
      this.#sendWindow -= size;
      stream.sendWindow -= size;
      this.#send(encodeFrameHeader(FrameType.DATA, 0, streamId, size));
      this.#send(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
  }

  #end(streamId: number): void {
    const stream = this.#streams.get(streamId);
    if (!stream || stream.localEnded) return;
    stream.localEnded = true;
    this.#send(encodeFrame(FrameType.DATA, Flag.END_STREAM, streamId));
  }

  #cancel(streamId: number): void {
    if (!this.#streams.delete(streamId)) return;
    this.#send(resetStream(streamId, ErrorCode.CANCEL));
    this.#wake();
  }

  /** What is sent at one go leaves in one system call, and wakes the peer once. */
  #send(bytes: Buffer): void {
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(bytes);
  }

  /** The peer serves nothing new: when it has answered what it has begun, the connection is of no use. */
  #leaveWhenIdle(): void {
    if (this.#isLeaving && this.#streams.size === 0) this.#socket.end();
  }

  #wake(): void {
    const woken = this.#waiting;
    this.#waiting = [];
    for (const resolve of woken) resolve();
  }
}

function settings(): Buffer {
  const wanted = [
    [Setting.HEADER_TABLE_SIZE, 0],
    [Setting.ENABLE_PUSH, 0],
    [Setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
  ] as const;
  const payload = Buffer.alloc(wanted.length * 6);
  wanted.forEach(([setting, value], index) => {
    payload.writeUInt16BE(setting, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return encodeFrame(FrameType.SETTINGS, 0, 0, payload);
}

function windowUpdate(streamId: number, increment: number): Buffer {
  return encodeFrame(FrameType.WINDOW_UPDATE, 0, streamId, uint32(increment));
}

function resetStream(streamId: number, code: number): Buffer {
  return encodeFrame(FrameType.RST_STREAM, 0, streamId, uint32(code));
}

function uint32(value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return payload;
}
