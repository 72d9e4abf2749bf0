// Boots a whole host in a virtual machine — Debian's kernel, cgroup2 alone — and prints what the tests in it say (TAP).
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildGuest } from './build-disk.ts';
import { runMachine } from './run-machine.ts';

const TIMEOUT_MS = 540_000;

const workspace = join(import.meta.dirname, '../../..');
const cache = join(workspace, 'node_modules/.cache/berth/vm');

/** Why the machine cannot be made here, or null. */
function prepare(): string | null {
  if (process.arch !== 'x64') return `it is made for x86-64, and this is ${process.arch}`;
  try {
    execFileSync('sh', [join(workspace, 'tools/setup.sh'), 'vm'], { stdio: 'pipe' });
    execFileSync('sh', [join(import.meta.dirname, 'fetch-packages.sh'), cache], { stdio: 'pipe' });
    return null;
  } catch (error) {
    const lines = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    return `its packages cannot be had: ${lines.trim().replaceAll(/\s+/g, ' ')}`;
  }
}

async function run(): Promise<void> {
  const dir = mkdtempSync('/tmp/berth-vm-');
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const [kernel = ''] = globSync('kernel/boot/vmlinuz-*', { cwd: cache });
  const files = await buildGuest(dir, cache);
  const code = await runMachine({
    kernel: join(cache, kernel),
    files,
    timeoutMs: TIMEOUT_MS,
    onLine: (line) => console.log(line),
  });
  const how = code === null ? `it told no end within ${TIMEOUT_MS / 1000} s` : `they ended with ${code}`;
  console.log(
    `${code === 0 ? 'ok' : 'not ok'} - the machine ran its tests to their end${code === 0 ? '' : ` # ${how}`}`,
  );
  process.exitCode = code === 0 ? 0 : 1;
}

const obstacle = prepare();
if (obstacle === null) await run();
else console.log(`ok - a host in a virtual machine # SKIP ${obstacle}`);
