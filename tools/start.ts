// Starts the engine that BERTH_ROOT names, or the host's, and shows that it runs a container.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { resolvePaths } from '@berth/client';
import { isBerthError } from '@berth/errors';
import { engineStatus, ensureBusyboxImage, startEngine } from '@berth/launcher';

const bin = join(import.meta.dirname, '../node_modules/.bin');
const { values } = parseArgs({ options: { restart: { type: 'boolean', default: false } } });
const paths = resolvePaths(process.env);

try {
  await start();
  runContainer(['run', '--rm', 'busybox', 'echo', 'Hello from a container.']);
  console.log(nextCommands());
} catch (error) {
  // A BerthError is meant to be read as it is; anything else is a defect, and wants its stack.
  console.error(isBerthError(error) ? `berth: ${error.message}` : error);
  process.exitCode = 1;
}

async function start(): Promise<void> {
  const begin = performance.now();
  await startEngine({ paths, env: process.env, restart: values.restart });
  const status = await engineStatus(paths, process.env);
  console.log(`The engine is up: ${status.map(({ name }) => name).join(', ')} (${since(begin)}).`);
  const outdated = status.filter((component) => component.outdated).map(({ name }) => name);
  if (outdated.length > 0) {
    console.log(`Built anew since they were started: ${outdated.join(', ')}. To change over: npm start -- --restart`);
  }
  if (await ensureBusyboxImage(paths)) console.log("Imported the image busybox from Debian's busybox-static.");
}

function runContainer(args: string[]): void {
  const begin = performance.now();
  const { status, error } = spawnWithOutput(args);
  if (error) throw error;
  if (status !== 0) throw new Error(`berth ${args.join(' ')} ended with code ${status}`);
  console.log(`(${since(begin)})`);
}

function spawnWithOutput(args: string[]) {
  console.log(`\n$ berth ${args.map((arg) => (/[^\w.:/-]/.test(arg) ? `"${arg}"` : arg)).join(' ')}`);
  return spawnSync(join(bin, 'berth'), args, { stdio: ['ignore', 'inherit', 'inherit'] });
}

function nextCommands(): string {
  const root = paths.root === null ? '' : `\n  export BERTH_ROOT="${paths.root}"`;
  return `
Next:
  berth run -it --rm busybox sh            a shell in a container
  berth run -d --name web busybox sleep 1000
  berth ps; berth logs web; berth exec -it web sh; berth rm -f web
  berth pull debian:12                     from Docker Hub
  berth events --since 1h; berth info; berth --help
  npm stop                                 stops the engine; containers run on

The command is node_modules/.bin/berth. To have it on the PATH:${root}
  export PATH="${bin}:$PATH"`;
}

function since(begin: number): string {
  const ms = performance.now() - begin;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
