import { beforeEach, describe, expect, test } from '@jest/globals';
import { BerthError } from '@berth/errors';
import { createMemoryLayerStore, type MemoryLayerStore } from './adapters/memory-directories.ts';
import { createBringLayer, type BringLayer, type BringRequest } from './bring-layer.ts';
import { createGate } from './gate.ts';

/** A download that the test ends. */
interface Download {
  readonly fetch: BringRequest['fetch'];
  readonly finish: () => void;
  readonly fail: (error: Error) => void;
}

function download(partialPath: string): Download {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return {
    fetch({ onOpened }) {
      onOpened(partialPath);
      return promise;
    },
    finish: () => resolve('/blobs/a'),
    fail: reject,
  };
}

describe('createBringLayer', () => {
  let layers: MemoryLayerStore;
  let bring: BringLayer;
  let phases: string[];
  beforeEach(() => {
    layers = createMemoryLayerStore((path) => path.replace(/^\/\w+\//, ''));
    const [downloads, unpacks, earlyUnpacks] = [createGate(3), createGate(1), createGate(1)];
    bring = createBringLayer({ layers, downloads, unpacks, earlyUnpacks });
    phases = [];
  });

  function start({ fetch }: Download, fields: Partial<BringRequest> = {}): ReturnType<BringLayer> {
    const report = (phase: string): void => void phases.push(phase);
    const signal = new AbortController().signal;
    const bringing = bring({ diffId: 'a', sizeBytes: 50, fetch, report, signal, ...fields });
    bringing.catch(() => {});
    return bringing;
  }

  test('unpacks a layer while it comes, and gives it out when both are done', async () => {
    const coming = download('/partial/a');
    const bringing = start(coming);
    await new Promise((resolve) => setImmediate(resolve));
    expect([...layers.staged]).toEqual(['/partial/a']);
    expect(phases).toEqual([]);
    coming.finish();
    expect((await bringing).diffId).toBe('a');
    expect(layers.unpacked).toEqual(['/partial/a']);
    expect(phases).toEqual(['downloaded', 'extracting']);
  });

  test('unpacks the whole blob when what came first was another', async () => {
    const coming = download('/partial/other');
    const bringing = start(coming);
    coming.finish();
    await bringing;
    expect(layers.unpacked).toEqual(['/partial/other', '/blobs/a']);
    expect([...layers.staged]).toEqual(['/blobs/a']);
  });

  test('a download that fails leaves nothing of what was unpacked', async () => {
    const coming = download('/partial/a');
    const bringing = start(coming);
    await new Promise((resolve) => setImmediate(resolve));
    coming.fail(new BerthError('DIGEST_MISMATCH', 'the registry sent another blob'));
    await expect(bringing).rejects.toThrow('the registry sent another blob');
    expect(layers.staged.size).toBe(0);
  });

  test('a download that fails ends what is being unpacked', async () => {
    let open: () => void = () => {};
    layers.gate = new Promise((resolve) => (open = resolve));
    const coming = download('/partial/a');
    const bringing = start(coming);
    coming.fail(new Error('gone'));
    setImmediate(open);
    await expect(bringing).rejects.toThrow('gone');
    expect(layers.staged.size).toBe(0);
  });

  test('a full disk is told, and not tried again', async () => {
    layers.gate = Promise.reject(new BerthError('DISK_FULL', 'no space left on device'));
    layers.gate.catch(() => {});
    const coming = download('/partial/a');
    const bringing = start(coming);
    coming.finish();
    await expect(bringing).rejects.toMatchObject({ reason: 'DISK_FULL' });
    expect(layers.unpacked).toEqual(['/partial/a']);
  });

  test('layers that come slowly do not hold up one that is here', async () => {
    const slow = download('/partial/a');
    void start(slow);
    const quick = download('/partial/a');
    const here = start(quick);
    quick.finish();
    expect((await here).diffId).toBe('a');
    expect(layers.unpacked).toEqual(['/partial/a', '/blobs/a']);
    slow.finish();
  });
});
