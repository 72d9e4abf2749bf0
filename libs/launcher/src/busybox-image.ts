import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { connectService, type EnginePaths } from '@berth/client';
import { BerthError, isBerthError } from '@berth/errors';
import { ImageServiceDefinition, type ImportImageRequest } from '@berth/proto/image';
import { createBusyboxArchive } from './busybox-archive.ts';

const PROGRAM = '/bin/busybox';
const REFERENCE = 'docker.io/library/busybox:latest';
const CHUNK_BYTES = 256 * 1024;
const CONFIG = {
  Cmd: ['sh'],
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  Labels: { 'org.opencontainers.image.title': 'busybox', 'org.opencontainers.image.vendor': 'Debian' },
};

/**
 * Gives an engine the image busybox, made from Debian's busybox-static, so that a host with no way to a registry can run containers
 * too. False when it has an image of that name. Throws what image-service throws, or SERVICE_UNAVAILABLE without busybox-static.
 */
export async function ensureBusyboxImage(paths: EnginePaths): Promise<boolean> {
  using connection = connectService(ImageServiceDefinition, paths.socket('image-service'));
  try {
    await connection.client.getImage({ name: REFERENCE });
    return false;
  } catch (error) {
    if (!isBerthError(error, 'IMAGE_NOT_FOUND')) throw error;
  }
  const archive = createBusyboxArchive(await readSource());
  await connection.client.importImage(importRequests(archive));
  return true;
}

async function readSource() {
  try {
    const [program, { mtime }, { stdout }] = await Promise.all([
      readFile(PROGRAM),
      stat(PROGRAM),
      promisify(execFile)(PROGRAM, ['--list']),
    ]);
    return { program, applets: stdout.trim().split('\n'), mtimeSeconds: Math.floor(mtime.getTime() / 1000) };
  } catch (error) {
    throw new BerthError('SERVICE_UNAVAILABLE', `cannot use ${PROGRAM}: apt-get install busybox-static`, {
      cause: error,
    });
  }
}

async function* importRequests(archive: Buffer): AsyncGenerator<ImportImageRequest> {
  const config = Buffer.from(JSON.stringify(CONFIG));
  const start = { reference: REFERENCE, config, message: 'imported from busybox-static', platform: '' };
  yield { part: { $case: 'start', value: start } };
  for (let at = 0; at < archive.length; at += CHUNK_BYTES) {
    yield { part: { $case: 'data', value: archive.subarray(at, at + CHUNK_BYTES) } };
  }
}
