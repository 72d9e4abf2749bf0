import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectService, type ServiceConnection } from '@berth/client';
import { startEngine } from '@berth/launcher';
import { writeTar } from '@berth/oci';
import { ImageServiceDefinition, type ImageServiceClient } from '@berth/proto/image';
import { waitFor, type TestEngine } from '@berth/testkit';
import type { FaultPoint } from '../../src/fault.ts';

type Connection = ServiceConnection<typeof ImageServiceDefinition>;

/** Starts image-service, which crashes at a point when one is given. */
export async function startImages(engine: TestEngine, fault?: FaultPoint): Promise<Connection> {
  const env = { ...engine.env, ...(fault && { BERTH_FAULT: `${fault}:1` }) };
  await startEngine({ paths: engine.paths, env, only: ['image-service'] });
  return connectService(ImageServiceDefinition, engine.paths.socket('image-service'));
}

/** The pid of the service that was started last. */
export function servicePid(engine: TestEngine): number {
  const record = readFileSync(join(engine.paths.runDir, 'pids/image-service.json'), 'utf8');
  return (JSON.parse(record) as { pid: number }).pid;
}

export async function waitForDeath(engine: TestEngine): Promise<void> {
  const status = `/proc/${servicePid(engine)}/status`;
  const isDead = () => !existsSync(status) || /^State:\s+Z/m.test(readFileSync(status, 'utf8'));
  await waitFor(isDead, { what: 'the end of image-service' });
}

/** Makes an image of one layer. Different content makes another image. */
export async function importImage(client: ImageServiceClient, reference: string, content: string): Promise<string> {
  const tar = writeTar([
    { path: 'etc/', type: 'directory' },
    { path: 'etc/content', content },
  ]);
  const start = { reference, config: Buffer.alloc(0), message: '', platform: '' };
  async function* parts() {
    yield { part: { $case: 'start' as const, value: start } };
    yield { part: { $case: 'data' as const, value: tar } };
    await Promise.resolve();
  }
  const { image } = await client.importImage(parts());
  return image?.id ?? '';
}

/** Writes a file into a snapshot of an image, and makes an image of it. The snapshot stays. */
export async function commitImage(
  client: ImageServiceClient,
  { key, image, reference, content }: { key: string; image: string; reference: string; content: string },
): Promise<string> {
  const { snapshot } = await client.prepareSnapshot({ key, image });
  writeFileSync(join(snapshot?.upperDir ?? '', 'written'), content);
  const config = Buffer.from('{"Cmd":["sh"]}');
  const made = await client.commitSnapshot({ key, reference, config, createdBy: content });
  return made.image?.id ?? '';
}

/** Images as an archive. */
export async function saveImages(client: ImageServiceClient, names: string[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const { data } of client.saveImages({ names })) chunks.push(data);
  return Buffer.concat(chunks);
}

export async function loadImages(client: ImageServiceClient, archive: Buffer): Promise<void> {
  async function* parts() {
    for (let at = 0; at < archive.length; at += 16_384) yield { data: archive.subarray(at, at + 16_384) };
    await Promise.resolve();
  }
  const loading = client.loadImages(parts());
  for await (const { image } of loading) if (image === undefined) throw new Error('no image was loaded');
}

/** Removes all that there is. */
export async function removeAll(client: ImageServiceClient): Promise<void> {
  for (const key of (await client.listSnapshots({})).keys) await client.deleteSnapshot({ key });
  await client.pruneImages({ all: true });
}
