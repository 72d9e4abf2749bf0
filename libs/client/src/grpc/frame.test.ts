import { expect, test } from '@jest/globals';
import { createFrameReader, encodeFrame, Flag, FrameType, unpadPayload } from './frame.ts';

test('frames come out whole, however the bytes come in', () => {
  const bytes = Buffer.concat([
    encodeFrame(FrameType.DATA, Flag.END_STREAM, 3, Buffer.from('abc')),
    encodeFrame(FrameType.SETTINGS, 0, 0),
  ]);
  for (const size of [1, 5, bytes.length]) {
    const read = createFrameReader();
    const frames = [];
    for (let at = 0; at < bytes.length; at += size) frames.push(...read(bytes.subarray(at, at + size)));
    expect(frames).toEqual([
      { type: FrameType.DATA, flags: Flag.END_STREAM, streamId: 3, payload: Buffer.from('abc') },
      { type: FrameType.SETTINGS, flags: 0, streamId: 0, payload: Buffer.alloc(0) },
    ]);
  }
});

test('a frame that is too large is refused', () => {
  expect(() => createFrameReader()(Buffer.from('004001000000000001', 'hex'))).toThrow('HTTP/2: a frame of 16385 bytes');
});

test('padding and priority are no payload', () => {
  const frame = { type: FrameType.HEADERS, flags: Flag.PADDED | Flag.PRIORITY, streamId: 1 };
  const payload = Buffer.from([2, 0, 0, 0, 0, 0, 7, 8, 0, 0]);
  expect([...unpadPayload({ ...frame, payload })]).toEqual([7, 8]);
  expect(() => unpadPayload({ ...frame, payload: Buffer.from([9, 0, 0, 0, 0, 0, 7]) })).toThrow('padding');
});
