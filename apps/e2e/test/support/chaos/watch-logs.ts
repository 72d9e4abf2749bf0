import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { SERVICE_NAMES } from '@berth/client';
import type { TestEngine } from '@berth/testkit';

/** Defects, whatever goes on around a service: what nobody has caught, and failures that have no name. */
const DEFECTS: readonly unknown[] = ['uncaught exception', 'cannot start', 'call failed'];

/** Returns what is new in the logs of services, at each call, of what should never be there: defects, and all that Node itself has to say. */
export function watchLogs({ paths }: TestEngine): () => string[] {
  const read = new Map<string, number>();
  return () =>
    SERVICE_NAMES.flatMap((name) => {
      const path = `${paths.stateDir}/log/${name}.log`;
      const { text, end } = readFrom(path, read.get(path) ?? 0);
      read.set(path, end);
      const lines = text.split('\n').filter((line) => line !== '' && isMistake(line));
      return lines.map((line) => `${name} says: ${line}`);
    });
}

function isMistake(line: string): boolean {
  return !line.startsWith('{') || DEFECTS.includes((JSON.parse(line) as { msg?: unknown }).msg);
}

/** The lines from a place on that are whole. */
function readFrom(path: string, begin: number): { text: string; end: number } {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(fstatSync(file).size - begin);
    readSync(file, bytes, 0, bytes.length, begin);
    const length = bytes.lastIndexOf('\n') + 1;
    return { text: bytes.subarray(0, length).toString(), end: begin + length };
  } finally {
    closeSync(file);
  }
}
