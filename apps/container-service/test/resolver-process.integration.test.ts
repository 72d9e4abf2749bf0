import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { stopEngine } from '@berth/launcher';
import { killComponent, startTestEngine, waitFor, type TestEngine } from '@berth/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createResolverChannel } from '../src/dns/resolver-channel.ts';
import { startService } from './support/crashing-service.ts';
import type { TestContainers } from './support/containers.ts';
import { aNetwork } from './support/networks.ts';
import { askSteadily, type SteadyAsker } from './support/steady-asker.ts';

let engine: TestEngine;
let containers: TestContainers;
let asker: SteadyAsker;
let webPid: number;
beforeAll(async () => {
  engine = await startTestEngine({ only: ['native', 'registry-gateway', 'volume-service', 'image-service'] });
  containers = await startService(engine);
  await containers.client.createNetwork(aNetwork('front'));
});
beforeEach(async () => {
  await containers.startDetached('sleep 1000', { name: 'web', config: { networkMode: 'front' } });
  const { pid, networks } = await containers.get('web');
  webPid = pid;
  asker = await askSteadily({ pid, server: networks[0]?.gateway ?? '', name: 'web' });
});
afterEach(() => containers.removeAll());
afterAll(async () => {
  containers.close();
  await engine.stop();
});

async function resolverPid(): Promise<number> {
  const channel = createResolverChannel(connect(join(engine.paths.runDir, 'resolver.sock')));
  const { pid } = await channel.greeting;
  channel.close();
  return pid;
}

async function replaceService(end: () => Promise<unknown>): Promise<void> {
  await end();
  containers.close();
  containers = await startService(engine);
}

const stopService = () => stopEngine({ paths: engine.paths, env: engine.env, only: ['container-service'] });
const killService = () => killComponent(engine, 'container-service');

test.each([
  ['is killed', killService],
  ['is replaced', stopService],
])('no question goes unanswered while the service %s', async (_, end) => {
  const pid = await resolverPid();
  await replaceService(end);
  await containers.startDetached('sleep 1000', { name: 'fresh', config: { networkMode: 'front' } });
  const { sent, ...outcome } = await asker.finish();
  expect(sent).toBeGreaterThan(1);
  expect(outcome).toEqual({ answered: sent, refused: 0 });
  expect(await resolverPid()).toBe(pid);
  expect((await containers.exec('web', ['nslookup', '-type=a', 'fresh'])).exit?.exitCode).toBe(0);
});

test('the process ends with the last of its containers while no service is there', async () => {
  const pid = await resolverPid();
  await stopService();
  const { sent, answered } = await asker.finish();
  expect(answered).toBe(sent);
  process.kill(webPid, 'SIGKILL');
  await waitFor(() => !existsSync(`/proc/${pid}/exe`), { what: 'the end of the resolver' });
  containers.close();
  containers = await startService(engine);
  await containers.startDetached('sleep 1000', { name: 'fresh', config: { networkMode: 'front' } });
  expect((await containers.exec('fresh', ['nslookup', '-type=a', 'fresh'])).exit?.exitCode).toBe(0);
});
