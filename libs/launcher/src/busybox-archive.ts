import { createTarHeader } from './tar-header.ts';

/** What a busybox image is made from. */
export interface BusyboxSource {
  /** The static program. */
  readonly program: Buffer;
  /** The names of its applets. */
  readonly applets: readonly string[];
  /** The time of every file, in seconds since 1970. */
  readonly mtimeSeconds: number;
}

const DIRECTORIES: readonly [path: string, mode: number][] = [
  ['bin/', 0o755],
  ['dev/', 0o755],
  ['etc/', 0o755],
  ['home/', 0o755],
  ['proc/', 0o555],
  ['root/', 0o700],
  ['sys/', 0o555],
  ['tmp/', 0o1777],
  ['usr/', 0o755],
  ['usr/bin/', 0o755],
  ['usr/sbin/', 0o755],
  ['var/', 0o755],
  ['var/spool/', 0o755],
];

const FILES: readonly [path: string, text: string][] = [
  [
    'etc/passwd',
    `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
`,
  ],
  [
    'etc/group',
    `root:x:0:
daemon:x:1:
tty:x:5:
www-data:x:33:
nogroup:x:65534:
`,
  ],
];

/**
 * The root file system of a busybox image as a tar archive: the program, a hard link for each applet, and what a shell expects around
 * it. The same source gives the same bytes.
 */
export function createBusyboxArchive({ program, applets, mtimeSeconds }: BusyboxSource): Buffer {
  const parts: Buffer[] = [];
  const addFile = (path: string, mode: number, content: Buffer) => {
    parts.push(createTarHeader({ path, mode, mtimeSeconds, type: 'file', sizeBytes: content.length }), padded(content));
  };
  for (const [path, mode] of DIRECTORIES) parts.push(createTarHeader({ path, mode, mtimeSeconds, type: 'directory' }));
  addFile('bin/busybox', 0o755, program);
  const links = applets.filter((name) => name !== 'busybox').map((name) => `bin/${name}`);
  for (const path of [...links.sort(), 'usr/bin/env']) {
    parts.push(createTarHeader({ path, mode: 0o755, mtimeSeconds, type: 'hardlink', linkTarget: 'bin/busybox' }));
  }
  for (const [path, text] of FILES) addFile(path, 0o644, Buffer.from(text));
  parts.push(Buffer.alloc(1024));
  return Buffer.concat(parts);
}

/** Contents fill whole blocks of 512 bytes. */
function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc(-content.length & 511)]);
}
