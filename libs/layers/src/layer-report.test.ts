import { describe, expect, test } from '@jest/globals';
import { parseLayerReport } from './layer-report.ts';

describe('parseLayerReport', () => {
  test('reads progress, results and errors', () => {
    expect(parseLayerReport('{"progress":{"readBytes":7}}')).toEqual({ kind: 'progress', readBytes: 7 });
    const layer = { diffId: 'sha256:00', sizeBytes: 1, entries: 2, root: { mode: 493, uid: 0, gid: 0 } };
    expect(parseLayerReport(JSON.stringify({ result: layer }))).toEqual({ kind: 'result', layer });
    const error = { reason: 'DISK_FULL', step: 'write', errno: 28, detail: 'cannot write "x"' };
    expect(parseLayerReport(JSON.stringify({ error }))).toMatchObject({
      kind: 'error',
      error: { reason: 'DISK_FULL', message: 'cannot write "x"', cause: { message: 'berth-layer: write: errno 28' } },
    });
  });

  test('puts names together again that the tool wrote byte by byte', () => {
    const line = '{"error":{"reason":"LAYER_INVALID","step":"name","errno":0,"detail":"\\u00c3\\u00a4"}}';
    expect(parseLayerReport(line)).toMatchObject({ error: { message: 'ä' } });
  });

  test.each(['', 'null', '{}', '{"result":{}}', '{"error":{"reason":"NONSENSE","step":"","errno":0,"detail":""}}'])(
    'refuses what is no report: %s',
    (line) => expect(() => parseLayerReport(line)).toThrow(),
  );
});
