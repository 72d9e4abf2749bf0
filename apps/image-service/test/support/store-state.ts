import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { ImageServiceClient } from '@berth/proto/image';
import { parseImageConfig, sha256Digest } from '@berth/oci';
import { readDatabase, waitFor, type TestEngine } from '@berth/testkit';
import { saveImages } from './image-store-under-test.ts';

type Row = Record<string, unknown>;

function query(engine: TestEngine, service: 'image-service' | 'registry-gateway', sql: string): Row[] {
  return readDatabase(engine.paths, service, (database) => database.prepare(sql).all());
}

function column(rows: readonly Row[], name: string): string[] {
  return rows.map((row) => String(row[name])).sort();
}

/** What there is beside what the rows name, and what the rows name that is not there; nothing when all is well. */
function findDisagreements(engine: TestEngine): string[] {
  const images = (sql: string) => query(engine, 'image-service', sql);
  const list = (dir: string) => readdirSync(join(engine.paths.serviceDir('image-service'), dir)).sort();
  const leased = `SELECT 'image:' || id AS lease FROM images WHERE leased
    UNION SELECT 'layer:' || diff_id FROM layer_blobs WHERE leased`;
  const expected: Record<string, string[]> = {
    layers: column(images('SELECT name FROM layers'), 'name'),
    snapshots: column(images('SELECT name FROM snapshots'), 'name'),
    staging: [],
    'trash/layers': [],
    'trash/snapshots': [],
    'ending leases': [],
    leases: column(images(leased), 'lease'),
    'layers without an image': [],
    'hidden images without a snapshot': [],
  };
  const unused = 'SELECT name FROM layers WHERE diff_id NOT IN (SELECT diff_id FROM image_layers)';
  const forgotten = 'SELECT id FROM images WHERE hidden AND id NOT IN (SELECT image_id FROM snapshots)';
  const found: Record<string, string[]> = {
    ...Object.fromEntries(
      ['layers', 'snapshots', 'staging', 'trash/layers', 'trash/snapshots'].map((dir) => [dir, list(dir)]),
    ),
    'ending leases': column(images('SELECT lease FROM ending_leases'), 'lease'),
    leases: column(query(engine, 'registry-gateway', 'SELECT DISTINCT lease FROM leases'), 'lease'),
    'layers without an image': column(images(unused), 'name'),
    'hidden images without a snapshot': column(images(forgotten), 'id'),
  };
  return Object.keys(expected)
    .filter((what) => found[what]?.join() !== expected[what]?.join())
    .map((what) => `${what}: ${found[what]?.join(' ')}, not ${expected[what]?.join(' ')}`);
}

/** Whole: its config is what its id says, its layers are those of its config, and all of their bytes can be had. */
async function expectWholeImages(engine: TestEngine, client: ImageServiceClient): Promise<void> {
  const { images } = await client.listImages({ all: true });
  for (const { id, config } of images) {
    expect(sha256Digest(config)).toBe(id);
    const sql = `SELECT diff_id FROM image_layers WHERE image_id = '${id}' ORDER BY position`;
    const rows = query(engine, 'image-service', sql).map((row) => row.diff_id);
    expect(rows).toEqual(parseImageConfig(config).diffIds);
    // The archive of a commit is written from its directory, and its digest compared; that of another is read from the content store.
    expect((await saveImages(client, [id])).length).toBeGreaterThan(config.length);
  }
}

/** A removal was told of each image that is gone, and of none that is here. */
function expectWholeStories(engine: TestEngine): void {
  const rows = query(engine, 'image-service', 'SELECT * FROM outbox');
  const last = new Map<string, string>();
  for (const row of rows) {
    const event = parseEvent(row);
    if (event.objectId !== '') last.set(event.objectId, event.verb);
  }
  const here = column(query(engine, 'image-service', 'SELECT id FROM images WHERE NOT hidden'), 'id');
  const told = [...last].filter(([, verb]) => verb !== 'delete').map(([id]) => id);
  expect(told.filter((id) => !here.includes(id))).toEqual([]);
  expect(here.filter((id) => last.get(id) === 'delete')).toEqual([]);
}

function parseEvent({ event }: Row): { objectId: string; verb: string } {
  const { objectId = '', verb = '' } = JSON.parse(String(event)) as { objectId?: string; verb?: string };
  return { objectId, verb };
}

/** Rows, directories and leases agree, every image is whole, and the events tell what has become of each. */
export async function expectConsistent(engine: TestEngine, client: ImageServiceClient): Promise<void> {
  await waitFor(() => findDisagreements(engine).length === 0, { what: 'an end of the sweeping' }).catch(() => {});
  expect(findDisagreements(engine)).toEqual([]);
  await expectWholeImages(engine, client);
  expectWholeStories(engine);
}
