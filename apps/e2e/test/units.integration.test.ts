import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { checkHealth, SERVICE_NAMES, type ServiceName } from '@berth/client';
import { killComponent, waitFor } from '@berth/testkit';
import { expectNothingLeft } from './support/expect-nothing-left.ts';
import { useEngine } from './support/use-engine.ts';

const workspace = join(import.meta.dirname, '../../..');
const cli = useEngine();

/** `CAP_KILL CAP_CHOWN` of a service's unit as setpriv(1) takes them. */
function boundingSet(service: ServiceName): string {
  const unit = readFileSync(join(workspace, `deploy/systemd/berth-${service}.service`), 'utf8');
  const names = /^CapabilityBoundingSet=(.+)$/m.exec(unit)?.[1]?.toLowerCase().split(' ');
  if (names === undefined) throw new Error(`the unit of ${service} names no capabilities`);
  return ['-all', ...names.map((name) => name.replace(/^cap_/, '+'))].join(',');
}

async function restartAsUnit(service: ServiceName): Promise<void> {
  await killComponent(cli.engine, service);
  const program = [process.execPath, join(workspace, `apps/${service}/dist/main.js`)];
  const args = ['--no-new-privs', `--bounding-set=${boundingSet(service)}`, ...program];
  spawn('setpriv', args, { env: cli.engine.env, stdio: 'ignore', detached: true }).unref();
  await waitFor(() => checkHealth(cli.engine.paths.socket(service)), { what: service });
}

beforeAll(async () => {
  for (const service of SERVICE_NAMES) await restartAsUnit(service);
});

test('with the capabilities that the units leave them, services do all that they do', async () => {
  const file = join(cli.engine.root, 'tool');
  writeFileSync(file, '#!/bin/sh\n');
  chmodSync(file, 0o4755);
  await cli.ok('network', 'create', 'front');
  await cli.ok('volume', 'create', 'data');
  await cli.ok(
    'run',
    '-d',
    '--name',
    'web',
    '--network',
    'front',
    '-v',
    'data:/data',
    '-p',
    '80',
    'busybox',
    'sleep',
    '1000',
  );
  expect(await cli.ok('run', '--rm', '--network', 'front', 'busybox', 'nslookup', 'web')).toContain('Name:\tweb');
  await cli.ok('cp', '-a', file, 'web:/tool');
  await cli.ok('cp', file, 'web:/data/tool');
  expect(await cli.ok('exec', 'web', 'stat', '-c', '%a', '/tool')).toBe('4755');
  expect((await cli.ok('diff', 'web')).split('\n')).toContain('A /tool');
  await cli.ok('update', '--memory', '64m', 'web');
  await cli.ok('volume', 'cp', 'data', 'copy');
  await cli.ok('commit', 'web', 'tooled');
  const archive = join(cli.engine.root, 'tooled.tar');
  await cli.ok('save', '-o', archive, 'tooled');
  await cli.ok('rm', '-f', 'web');
  await cli.ok('rmi', 'tooled');
  await cli.ok('load', '-i', archive);
  expect(await cli.ok('run', '--rm', '-v', 'copy:/data', 'tooled', 'ls', '/tool', '/data/tool')).toBe(
    '/data/tool\n/tool',
  );
  await cli.ok('volume', 'rm', 'data', 'copy');
  await cli.ok('network', 'rm', 'front');
});

test('nothing is left', async () => {
  await expectNothingLeft(cli.engine);
});
