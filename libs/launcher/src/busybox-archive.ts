import { writeTar, type TarEntry } from '@berth/oci';

/** What a busybox image is made from. */
export interface BusyboxSource {
  /** The static program. */
  readonly program: Buffer;
  /** The names of its applets. */
  readonly applets: readonly string[];
  /** The time of every file, in seconds since 1970. */
  readonly mtimeSeconds: number;
}

const DIRECTORIES: readonly TarEntry[] = [
  ...['bin/', 'dev/', 'etc/', 'home/', 'usr/', 'usr/bin/', 'usr/sbin/', 'var/', 'var/spool/'].map(directory(0o755)),
  ...['proc/', 'sys/'].map(directory(0o555)),
  ...['root/'].map(directory(0o700)),
  ...['tmp/'].map(directory(0o1777)),
];

const PASSWD = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
`;

const GROUP = `root:x:0:
daemon:x:1:
tty:x:5:
www-data:x:33:
nogroup:x:65534:
`;

/**
 * The root file system of a busybox image as a tar archive: the program, a hard link for each applet, and what a shell expects around
 * it. The same source gives the same bytes.
 */
export function createBusyboxArchive({ program, applets, mtimeSeconds }: BusyboxSource): Buffer {
  const links = applets.filter((name) => name !== 'busybox').map((name) => `bin/${name}`);
  const entries: readonly TarEntry[] = [
    ...DIRECTORIES,
    { path: 'bin/busybox', content: program, mode: 0o755 },
    ...[...links.sort(), 'usr/bin/env'].map(hardLink),
    { path: 'etc/passwd', content: PASSWD },
    { path: 'etc/group', content: GROUP },
  ];
  return writeTar(entries.map((entry) => ({ ...entry, mtime: mtimeSeconds })));
}

function directory(mode: number): (path: string) => TarEntry {
  return (path) => ({ path, type: 'directory', mode });
}

function hardLink(path: string): TarEntry {
  return { path, type: 'hardlink', target: 'bin/busybox', mode: 0o755 };
}
