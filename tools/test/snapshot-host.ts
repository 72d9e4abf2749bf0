import { execFileSync } from 'node:child_process';
import { globSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const CGROUP_ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/memory', '/sys/fs/cgroup/pids'];

/** What a test could leave behind on a host, one line each. */
export function snapshotHost(workspace: string): Set<string> {
  return new Set([
    ...processes(workspace),
    ...mountPoints(),
    ...names('/sys/class/net').map((name) => `network interface ${name}`),
    ...names('/run/netns').map((name) => `network namespace ${name}`),
    ...lines('nft', ['list', 'tables']).map((line) => `nftables ${line}`),
    ...CGROUP_ROOTS.flatMap((root) => globSync('*berth*', { cwd: root }).map((dir) => `cgroup ${join(root, dir)}`)),
    ...['/tmp', '/run', '/var/lib'].flatMap((dir) => berthFiles(dir)),
    ...lines('git', ['status', '--porcelain'], workspace).map((line) => `file in the work tree: ${line}`),
  ]);
}

/** What is there after and was not before. */
export function findLeaks(before: ReadonlySet<string>, after: ReadonlySet<string>): string[] {
  return [...after].filter((line) => !before.has(line)).sort();
}

/** Programs of this work tree, servers that tests start, and whatever names a test's directory. The processes of this run are not among them. */
function processes(workspace: string): string[] {
  const own = ancestors();
  return names('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || own.has(pid)) return [];
    const exe = link(`/proc/${pid}/exe`);
    const commandLine = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
    const isOurs = /\/(nats-server|docker-registry|berth-\w+|tmux)$/.test(exe) || /memfd:berth/.test(exe);
    const text = `${exe} ${commandLine}`;
    return isOurs || text.includes(`${workspace}/`) || text.includes('/tmp/berth-') ? [`process ${pid}: ${text}`] : [];
  });
}

function ancestors(): Set<string> {
  const found = new Set<string>();
  for (let pid = String(process.pid); pid !== '0' && pid !== '' && !found.has(pid);) {
    found.add(pid);
    pid = /^PPid:\s*(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? '';
  }
  return found;
}

function mountPoints(): string[] {
  const mounts = read('/proc/self/mountinfo').trim().split('\n');
  return mounts.map((line) => `mount ${line.split(' ')[4] ?? ''}`);
}

function berthFiles(dir: string): string[] {
  return names(dir).flatMap((name) => (name.startsWith('berth') ? [`file ${join(dir, name)}`] : []));
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function link(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

function lines(program: string, args: string[], cwd?: string): string[] {
  try {
    const output = execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return output.split('\n').filter((line) => line !== '');
  } catch {
    return [];
  }
}
