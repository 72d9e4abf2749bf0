import { readFileSync } from 'node:fs';
import { type TarEntry } from '@berth/oci';
import { buildTestImage, type TestImage } from '@berth/testkit';

const APPLETS = ['cat', 'echo', 'env', 'id', 'ls', 'pwd', 'sh', 'sleep', 'stat', 'test', 'true'];

/** A root file system that can run: busybox with a few hard links, and the files of users. */
export const BUSYBOX_LAYER: readonly TarEntry[] = [
  { path: 'bin/', type: 'directory' },
  { path: 'bin/busybox', content: readFileSync('/bin/busybox'), mode: 0o755 },
  ...APPLETS.map((name): TarEntry => ({ path: `bin/${name}`, type: 'hardlink', target: 'bin/busybox' })),
  { path: 'etc/', type: 'directory' },
  { path: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000:Ada:/home/ada:/bin/sh\n' },
  { path: 'etc/group', content: 'root:x:0:\nada:x:1000:\nplayers:x:2000:ada\n' },
  { path: 'tmp/', type: 'directory', mode: 0o1777 },
];

/** An image of three layers in which the upper ones delete, replace and link what the lower ones have. */
export function buildLayeredImage(): TestImage {
  return buildTestImage({
    layers: [
      [
        ...BUSYBOX_LAYER,
        { path: 'data/', type: 'directory' },
        { path: 'data/deleted', content: 'lowest' },
        { path: 'data/replaced', content: 'lowest' },
        { path: 'data/kept', content: 'lowest' },
        { path: 'opaque/', type: 'directory' },
        { path: 'opaque/hidden', content: 'lowest' },
        { path: 'becomes-file/', type: 'directory' },
        { path: 'becomes-file/inside', content: 'lowest' },
      ],
      [
        { path: 'data/.wh.deleted' },
        { path: 'data/replaced', content: 'middle' },
        { path: 'opaque/', type: 'directory' },
        { path: 'opaque/.wh..wh..opq' },
        { path: 'opaque/shown', content: 'middle' },
        { path: 'becomes-file', content: 'middle' },
      ],
      [
        { path: 'links/', type: 'directory' },
        { path: 'links/one', content: 'linked', mode: 0o640, uid: 1000, gid: 2000, mtime: 1_600_000_000 },
        { path: 'links/two', type: 'hardlink', target: 'links/one' },
        { path: 'links/symbolic', type: 'symlink', target: '/links/one' },
      ],
    ],
    config: {
      Cmd: ['cat', '/data/kept'],
      Env: ['PATH=/bin', 'FROM=image'],
      WorkingDir: '/data',
      Labels: { level: 'e2e' },
    },
  });
}
