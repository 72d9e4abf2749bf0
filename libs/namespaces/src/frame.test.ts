import { describe, expect, test } from '@jest/globals';
import { createFrameReader, encodeFrame, FRAME, FrameError, FRAME_SIZE_MAX } from './frame.ts';

const text = (value: string) => Buffer.from(value);

describe('frames', () => {
  test('a frame has its size, its type and three zero bytes before the payload', () => {
    expect(Buffer.from(encodeFrame(FRAME.stdin, text('abc'))).toString('hex')).toBe('0300000010000000616263');
  });

  test('a payload that is too large is refused', () => {
    expect(() => encodeFrame(FRAME.stdin, new Uint8Array(FRAME_SIZE_MAX + 1))).toThrow(FrameError);
  });

  test('frames that come byte by byte are put together', () => {
    const stream = Buffer.concat([encodeFrame(FRAME.reply, text('hello')), encodeFrame(FRAME.exited, text(''))]);
    const read = createFrameReader();
    const frames = [...stream].flatMap((byte) => read(Uint8Array.of(byte)));
    expect(frames.map(({ type, payload }) => [type, Buffer.from(payload).toString()])).toEqual([
      [FRAME.reply, 'hello'],
      [FRAME.exited, ''],
    ]);
  });

  test('frames that come in one chunk are taken apart', () => {
    const stream = Buffer.concat([encodeFrame(FRAME.stdout, text('out')), encodeFrame(FRAME.stderr, text('err'))]);
    const frames = createFrameReader()(stream);
    expect(frames.map(({ type, payload }) => [type, Buffer.from(payload).toString()])).toEqual([
      [FRAME.stdout, 'out'],
      [FRAME.stderr, 'err'],
    ]);
  });

  test('output is passed on before its frame is whole', () => {
    const frame = encodeFrame(FRAME.stdout, text('abcdef'));
    const read = createFrameReader();
    expect(read(frame.subarray(0, 11)).map(({ payload }) => Buffer.from(payload).toString())).toEqual(['abc']);
    expect(read(frame.subarray(11)).map(({ payload }) => Buffer.from(payload).toString())).toEqual(['def']);
  });

  test('a size beyond the limit and padding that is not zero break the stream', () => {
    expect(() => createFrameReader()(Uint8Array.of(255, 255, 255, 255, FRAME.reply, 0, 0, 0))).toThrow(FrameError);
    expect(() => createFrameReader()(Uint8Array.of(0, 0, 0, 0, FRAME.reply, 0, 1, 0))).toThrow(FrameError);
  });
});
