import { rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { engineNames } from '@berth/client';
import { Resources, type ContainerConfig } from '@berth/proto/container';
import { startEngine } from '@berth/launcher';
import { killComponent, startTestEngine, type TestEngine } from '@berth/testkit';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startService } from './support/crashing-service.ts';
import type { TestContainers } from './support/containers.ts';
import { aNetwork, on } from './support/networks.ts';

/** A control group that is none of the engine's. */
const OUTSIDE = `berth-test-${process.pid}`;

let engine: TestEngine;
let containers: TestContainers;
beforeAll(async () => {
  engine = await startTestEngine({ only: ['native', 'registry-gateway', 'volume-service', 'image-service'] });
  containers = await startService(engine);
  await containers.client.createNetwork(aNetwork('front'));
  await containers.startDetached('sleep 1000', { name: 'web', config: { networkMode: 'front' } });
});
afterAll(async () => {
  await containers.removeAll();
  rmdirSync(join(dirname(engineNames(engine.root).cgroupDir), OUTSIDE));
  containers.close();
  await engine.stop();
});

const aContainer = (config: Partial<ContainerConfig>) => containers.startDetached('sleep 1000', { config });

/** Whether 127.0.0.11 knows the address of `web`, and says that the answer is its own. */
async function knowsWeb(container: string): Promise<boolean> {
  const address = (await containers.get('web')).networks[0]?.address ?? '';
  const { stdout } = await containers.exec(container, ['nslookup', '-type=a', 'web', '127.0.0.11']);
  return /^Address:\s+127\.0\.0\.11:53$/m.test(stdout) && stdout.includes(`Address: ${address}\n`);
}

const isAnswered = async (container: string) =>
  (await containers.exec(container, ['nc', '127.0.0.11', '53'])).exit?.exitCode === 0;

test.each<[string, Partial<ContainerConfig>]>([
  ['on a network', {}],
  ['with a user namespace', { userNamespaceMode: 'auto' }],
  ['with all rights', { privileged: true }],
  ['with servers of its own', { dnsServers: ['192.0.2.1'] }],
  ['below another control group', { resources: Resources.fromPartial({ cgroupParent: `/${OUTSIDE}` }) }],
])('127.0.0.11 answers in a container %s', async (_, config) => {
  const id = await aContainer({ networkMode: 'front', ...config });
  expect(await knowsWeb(id)).toBe(true);
  expect(await knowsWeb(await aContainer({ networkMode: `container:${id}` }))).toBe(true);
});

test('127.0.0.11 answers where nothing leaves the network, and a container can listen on port 53 itself', async () => {
  await containers.client.createNetwork(aNetwork('inner', { internal: true }));
  const networks = [on('front'), on('inner')];
  const id = await aContainer({ networkMode: 'inner', networks });
  await containers.client.disconnectNetwork({ container: id, network: 'front', force: false });
  const own = ['nslookup', '-type=a', id.slice(0, 12), '127.0.0.11'];
  expect((await containers.exec(id, own)).exit?.exitCode).toBe(0);
  const isListening = `netstat -ltn | grep -q ':53 .*LISTEN'`;
  const script = `nc -l -p 53 & until ${isListening}; do kill -0 $! || exit 1; done; kill $!`;
  expect((await containers.exec(id, ['sh', '-c', script])).exit?.exitCode).toBe(0);
});

test('127.0.0.11 comes and goes with the networks of a container that runs, and outlives the service', async () => {
  const { client } = containers;
  const id = await aContainer({});
  expect(await isAnswered(id)).toBe(false);
  await client.connectNetwork({ container: id, attachment: on('front') });
  expect(await knowsWeb(id)).toBe(true);
  await killComponent(engine, 'container-service');
  await killComponent(engine, 'native');
  await startEngine({ paths: engine.paths, env: engine.env, only: ['native'] });
  containers.close();
  containers = await startService(engine);
  expect(await knowsWeb(id)).toBe(true);
  await containers.client.disconnectNetwork({ container: id, network: 'front', force: false });
  expect(await isAnswered(id)).toBe(false);
});
