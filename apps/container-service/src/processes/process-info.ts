/** A process as the kernel tells of it in /proc/PID; times are in ticks of a hundredth of a second. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupPid: number;
  readonly sessionPid: number;
  /** The device number of its terminal; 0 for none. */
  readonly terminal: number;
  /** The process group in the foreground of its terminal. */
  readonly foregroundPid: number;
  /** `R`, `S`, `D`, `T`, `Z` … */
  readonly state: string;
  readonly priority: number;
  readonly nice: number;
  readonly threads: number;
  /** Since the boot of the host. */
  readonly startTicks: number;
  readonly cpuTicks: number;
  readonly virtualBytes: number;
  readonly residentBytes: number;
  readonly lockedBytes: number;
  /** Effective ids. */
  readonly userId: number;
  readonly groupId: number;
  /** The kernel's name of it, at most 15 bytes. */
  readonly name: string;
  /** The argument vector; empty for one that is a zombie. */
  readonly arguments: readonly string[];
}

/** What the columns of ps(1) need to know besides the process. */
export interface HostFacts {
  /** Unix time in seconds. */
  readonly bootTime: number;
  readonly now: number;
  readonly memoryBytes: number;
  /** The host's name of a user id or group id; the number when it has none. */
  readonly userName: (id: number) => string;
  readonly groupName: (id: number) => string;
}

export const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** Parses /proc/PID/stat, status and cmdline. Null when they are not what they should be: the process has just gone. */
export function parseProcess(stat: string, status: string, commandLine: string): ProcessInfo | null {
  // The name is in parentheses, and may hold some itself.
  const [open, close] = [stat.indexOf('('), stat.lastIndexOf(')')];
  if (open === -1 || close === -1) return null;
  const fields = stat.slice(close + 2).split(' ');
  const number = (index: number): number => Number(fields[index - 3] ?? 0);
  return {
    pid: Number.parseInt(stat, 10),
    name: stat.slice(open + 1, close),
    state: fields[0] ?? '?',
    parentPid: number(4),
    groupPid: number(5),
    sessionPid: number(6),
    terminal: number(7),
    foregroundPid: number(8),
    cpuTicks: number(14) + number(15),
    priority: number(18),
    nice: number(19),
    threads: number(20),
    startTicks: number(22),
    virtualBytes: number(23),
    residentBytes: number(24) * PAGE_BYTES,
    lockedBytes: statusNumber(status, 'VmLck', 1) * 1024,
    userId: statusNumber(status, 'Uid', 2),
    groupId: statusNumber(status, 'Gid', 2),
    arguments: commandLine === '' ? [] : commandLine.replace(/\0$/, '').split('\0'),
  };
}

/** The nth number of a line of /proc/PID/status. */
function statusNumber(status: string, name: string, nth: number): number {
  const line = new RegExp(`^${name}:(.*)$`, 'm').exec(status)?.[1] ?? '';
  return Number(line.trim().split(/\s+/)[nth - 1] ?? 0) || 0;
}
