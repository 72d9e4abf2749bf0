import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The record that a keeper writes in its state directory; native/src/record.h has the layout. */
export interface KeeperRecord {
  readonly phase: 'creating' | 'running' | 'exited';
  /** The boot in which the pids below mean something: /proc/sys/kernel/random/boot_id. */
  readonly bootId: string;
  readonly keeper: ProcessIdentity;
  /** Null while the process is being created. */
  readonly process: ProcessIdentity | null;
  readonly createdUnixNanos: bigint;
  /** Null before the process runs. */
  readonly startedUnixNanos: bigint | null;
  /** Null until the process has ended. */
  readonly exit: ProcessExit | null;
}

/** A pid that cannot be mistaken for a later process of the same number in the same boot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/<pid>/stat. */
  readonly startTicks: bigint;
}

/** How a process ended. */
export interface ProcessExit {
  /** 128 + signal when a signal ended it. */
  readonly exitCode: number;
  /** 0 if none. */
  readonly signal: number;
  readonly oomKilled: boolean;
  readonly exitedUnixNanos: bigint;
}

const RECORD_SIZE = 256;
const PHASES = new Map([
  [1, 'creating'],
  [2, 'running'],
  [3, 'exited'],
] as const);

/** Parses a record. Null when the bytes are not one of this version. */
export function parseRecord(bytes: Buffer): KeeperRecord | null {
  if (bytes.length !== RECORD_SIZE || bytes.toString('latin1', 0, 8) !== 'BERTHREC' || bytes.readUInt32LE(8) !== 1)
    return null;
  const phase = PHASES.get(bytes.readUInt32LE(12) as 1 | 2 | 3);
  if (phase === undefined) return null;
  const pid = bytes.readUInt32LE(60);
  return {
    phase,
    bootId: bytes.toString('latin1', 16, 52),
    keeper: { pid: bytes.readUInt32LE(56), startTicks: bytes.readBigUInt64LE(64) },
    process: pid === 0 ? null : { pid, startTicks: bytes.readBigUInt64LE(72) },
    createdUnixNanos: bytes.readBigUInt64LE(88),
    startedUnixNanos: pid === 0 ? null : bytes.readBigUInt64LE(96),
    exit:
      phase === 'exited'
        ? {
            exitCode: bytes.readUInt32LE(112),
            signal: bytes.readUInt32LE(116),
            oomKilled: bytes.readUInt32LE(120) !== 0,
            exitedUnixNanos: bytes.readBigUInt64LE(104),
          }
        : null,
  };
}

/** Reads the record of a state directory. Null when there is none, or none of this version. */
export function readRecord(stateDir: string): KeeperRecord | null {
  const bytes = readIfPresent(join(stateDir, 'record'));
  return bytes === null ? null : parseRecord(bytes);
}

/** Tells whether the keeper of a state directory lives. */
export function isKeeperAlive(stateDir: string): boolean {
  const record = readRecord(stateDir);
  return record !== null && record.bootId === readBootId() && isProcessAlive(record.keeper);
}

/** Tells whether this very process lives; a zombie does not. Only for an identity of the current boot. */
export function isProcessAlive(identity: ProcessIdentity): boolean {
  const stat = readIfPresent(`/proc/${identity.pid}/stat`);
  if (stat === null) return false;
  const { state, startTicks } = parseStat(stat.toString('latin1'));
  return startTicks === identity.startTicks && state !== 'Z' && state !== 'X';
}

/** The state and the start time of a /proc/<pid>/stat. The command name before them may hold anything, brackets too. */
export function parseStat(stat: string): { state: string; startTicks: bigint } {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTicks: BigInt(fields[19] ?? 0) };
}

/** The id of this boot. */
export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

function readIfPresent(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ESRCH') return null;
    throw error;
  }
}
