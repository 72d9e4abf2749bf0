import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { engineNames } from '@berth/client';
import { startTestEngine, type TestEngine } from '@berth/testkit';

/** Processors in software are slow, and slower on a busy host. */
const PATIENCE_MS = 150_000;

let started: TestEngine | null = null;

before(async () => void (started = await startTestEngine({ startTimeoutMs: PATIENCE_MS })));
after(() => started?.stop());

/** The guest's engine. */
export function engine(): TestEngine {
  assert(started);
  return started;
}

/** Runs the command, which has to succeed; returns what it printed. */
export async function berth(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await engine().berth(args, { timeoutMs: PATIENCE_MS });
  assert.equal(code, 0, `berth ${args.join(' ')}: ${stderr}`);
  return stdout.trimEnd();
}

/** Runs a shell's words in a container that is removed afterwards. */
export function sh(script: string, ...options: string[]): ReturnType<TestEngine['berth']> {
  return engine().berth(['run', '--rm', ...options, 'busybox', 'sh', '-c', script], { timeoutMs: PATIENCE_MS });
}

/** A file of a container's control group, which lies in `parent` when the container was given one. */
export function readCgroup(id: string, file: string, parent?: string): string {
  const engineDir = engineNames(engine().root).cgroupDir;
  // One with devices of its own lies apart from the others.
  const parents = parent === undefined ? ['containers', 'apart'].map((name) => join(engineDir, name)) : [parent];
  const dirs = parents.map((dir) => join(dir, id));
  return readFileSync(join(dirs.find((dir) => existsSync(dir)) ?? '', file), 'utf8').trimEnd();
}
