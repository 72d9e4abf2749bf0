import { readFileSync } from 'node:fs';
import { machine, release } from 'node:os';
import type { SyscallTables } from './filter-rules.ts';
import type { FilterHost } from './select-rules.ts';

/** Throws on an architecture that Berth does not run on. */
export function readFilterHost(): FilterHost {
  const name = machine();
  if (name !== 'x86_64' && name !== 'aarch64') throw new Error(`Berth does not run on ${name}`);
  const [major = 0, minor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  return { machine: name, kernel: { major, minor } };
}

/** Reads what `berth-seccomp --tables` has written. Throws when it is not there. */
export function readSyscallTables(file: string): SyscallTables {
  return JSON.parse(readFileSync(file, 'utf8')) as SyscallTables;
}
