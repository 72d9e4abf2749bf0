import { TICKS_PER_SECOND, type HostFacts, type ProcessInfo } from './process-info.ts';

/** A column of ps(1): its title, and what it shows of a process. */
export interface Column {
  readonly title: string;
  readonly show: (process: ProcessInfo, host: HostFacts) => string;
}

const DAY = 86_400;
const kib = (bytes: number): string => String(Math.trunc(bytes / 1024));
const commandLine = ({ name, arguments: all }: ProcessInfo): string => (all.length > 0 ? all.join(' ') : `[${name}]`);
const startOf = ({ startTicks }: ProcessInfo, { bootTime }: HostFacts): number =>
  bootTime + startTicks / TICKS_PER_SECOND;
const lifetime = (process: ProcessInfo, host: HostFacts): number => Math.max(0, host.now - startOf(process, host));

/** The share of one processor over its life, percent. */
function cpuPercent(process: ProcessInfo, host: HostFacts): number {
  const seconds = lifetime(process, host);
  return seconds < 1 ? 0 : (process.cpuTicks / TICKS_PER_SECOND / seconds) * 100;
}

/** `S`, with `s` for a session's leader, `l` for threads, `+` for the foreground. */
function stateText(process: ProcessInfo): string {
  const { state, nice, lockedBytes, sessionPid, pid, threads, foregroundPid, groupPid, terminal } = process;
  return [
    state,
    nice < 0 ? '<' : nice > 0 ? 'N' : '',
    lockedBytes > 0 ? 'L' : '',
    sessionPid === pid ? 's' : '',
    threads > 1 ? 'l' : '',
    terminal !== 0 && foregroundPid === groupPid ? '+' : '',
  ].join('');
}

/** `pts/0`, `tty1`, or `?`. */
function terminalText({ terminal }: ProcessInfo): string {
  if (terminal === 0) return '?';
  const major = (terminal >> 8) & 0xfff;
  const minor = (terminal & 0xff) | ((terminal >> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `pts/${(major - 136) * 256 + minor}`;
  return major === 4 ? `tty${minor}` : '?';
}

/** `[DD-]HH:MM:SS`, or `MMM:SS` as BSD has it. */
function clock(seconds: number): string {
  const [days, rest] = [Math.trunc(seconds / DAY), Math.trunc(seconds % DAY)];
  const time = [Math.trunc(rest / 3600), Math.trunc(rest / 60) % 60, rest % 60].map(twoDigits).join(':');
  return days > 0 ? `${days}-${time}` : time;
}

function elapsed(seconds: number): string {
  const text = clock(seconds);
  return text.startsWith('00:') ? text.slice(3) : text;
}

const bsdClock = (seconds: number): string => `${Math.trunc(seconds / 60)}:${twoDigits(Math.trunc(seconds) % 60)}`;

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `10:42` within a day, else `Nov24`, or the year when it is another one. */
function startText(process: ProcessInfo, host: HostFacts): string {
  const [start, now] = [new Date(startOf(process, host) * 1000), new Date(host.now * 1000)];
  if (host.now - startOf(process, host) < DAY && start.getDate() === now.getDate()) {
    return `${twoDigits(start.getHours())}:${twoDigits(start.getMinutes())}`;
  }
  if (start.getFullYear() !== now.getFullYear()) return String(start.getFullYear());
  return `${MONTHS[start.getMonth()]}${twoDigits(start.getDate())}`;
}

const user: Column = { title: 'USER', show: ({ userId }, { userName }) => userName(userId) };
const group: Column = { title: 'GROUP', show: ({ groupId }, { groupName }) => groupName(groupId) };
const command: Column = { title: 'COMMAND', show: commandLine };
const name: Column = { title: 'COMMAND', show: ({ name }) => name };
const time: Column = { title: 'TIME', show: ({ cpuTicks }) => clock(cpuTicks / TICKS_PER_SECOND) };
const terminal: Column = { title: 'TTY', show: terminalText };
const resident: Column = { title: 'RSS', show: ({ residentBytes }) => kib(residentBytes) };
const virtual: Column = { title: 'VSZ', show: ({ virtualBytes }) => kib(virtualBytes) };
const percent: Column = { title: '%CPU', show: (process, host) => cpuPercent(process, host).toFixed(1) };
const memory: Column = {
  title: '%MEM',
  show: ({ residentBytes }, { memoryBytes }) => ((residentBytes / memoryBytes) * 100).toFixed(1),
};
const groupPid: Column = { title: 'PGID', show: ({ groupPid: id }) => String(id) };
const session: Column = { title: 'SID', show: ({ sessionPid }) => String(sessionPid) };
const nice: Column = { title: 'NI', show: ({ nice: value }) => String(value) };
const threads: Column = { title: 'NLWP', show: ({ threads: count }) => String(count) };
const state: Column = { title: 'STAT', show: stateText };
const oneState: Column = { title: 'S', show: ({ state: letter }) => letter };
const args: Column = { title: 'COMMAND', show: commandLine };

/** What `-o` knows, with ps's other spellings. */
export const COLUMNS: Readonly<Record<string, Column>> = {
  pid: { title: 'PID', show: ({ pid }) => String(pid) },
  ppid: { title: 'PPID', show: ({ parentPid }) => String(parentPid) },
  user,
  euser: { ...user, title: 'EUSER' },
  uname: user,
  uid: { title: 'UID', show: ({ userId }) => String(userId) },
  euid: { title: 'EUID', show: ({ userId }) => String(userId) },
  group,
  egroup: { ...group, title: 'EGROUP' },
  gid: { title: 'GID', show: ({ groupId }) => String(groupId) },
  pgid: groupPid,
  pgrp: { ...groupPid, title: 'PGRP' },
  sid: session,
  sess: { ...session, title: 'SESS' },
  tty: { ...terminal, title: 'TT' },
  tt: { ...terminal, title: 'TT' },
  tname: terminal,
  args,
  cmd: { ...args, title: 'CMD' },
  command,
  comm: name,
  ucmd: { ...name, title: 'CMD' },
  c: { title: 'C', show: (process, host) => String(Math.trunc(cpuPercent(process, host))) },
  pcpu: percent,
  '%cpu': percent,
  pmem: memory,
  '%mem': memory,
  rss: resident,
  rssize: resident,
  rsz: { ...resident, title: 'RSZ' },
  vsz: virtual,
  vsize: virtual,
  stat: state,
  state: oneState,
  s: oneState,
  pri: { title: 'PRI', show: ({ priority }) => String(39 - priority) },
  ni: nice,
  nice,
  nlwp: threads,
  thcount: { ...threads, title: 'THCNT' },
  time,
  cputime: time,
  bsdtime: { title: 'TIME', show: ({ cpuTicks }) => bsdClock(cpuTicks / TICKS_PER_SECOND) },
  etime: { title: 'ELAPSED', show: (process, host) => elapsed(lifetime(process, host)) },
  etimes: { title: 'ELAPSED', show: (process, host) => String(Math.trunc(lifetime(process, host))) },
  stime: { title: 'STIME', show: startText },
  bsdstart: { title: 'START', show: startText },
  start_time: { title: 'START', show: startText },
};
