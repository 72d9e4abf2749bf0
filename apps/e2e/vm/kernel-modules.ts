import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What the guest needs that Debian's kernel has as modules. */
const WANTED = [
  ...['virtio_pci', 'virtio_blk', 'overlay', 'bridge', 'veth'],
  ...['nf_tables', 'nft_chain_nat', 'nft_masq', 'nft_nat', 'nft_ct', 'nft_fib_ipv4', 'nft_fib_ipv6'],
  ...['macvlan', 'ipvlan', 'dummy', '8021q'],
  ...['quota_v2', 'xfs', 'sctp'],
];

/** The files of the wanted modules and of those that they depend on, each after what it needs. `lib` is that of a kernel package. */
export function findKernelModules(lib: string): string[] {
  const files = new Map(globSync('modules/*/kernel/**/*.ko', { cwd: lib }).map((file) => [nameOf(file), file]));
  const ordered = new Set<string>();
  const add = (name: string): void => {
    const file = files.get(name);
    if (file === undefined) throw new Error(`the kernel package has no module ${name}`);
    const path = join(lib, file);
    if (ordered.has(path)) return;
    for (const needed of dependencies(path)) add(needed);
    ordered.add(path);
  };
  for (const name of WANTED) add(name);
  return [...ordered];
}

function nameOf(file: string): string {
  return basename(file, '.ko').replaceAll('-', '_');
}

/** A module says in its section .modinfo what it depends on: `depends=a,b`, ended by a zero byte. */
function dependencies(file: string): string[] {
  const [, list = ''] = /\0depends=([^\0]*)\0/.exec(readFileSync(file, 'latin1')) ?? [];
  return list.split(',').flatMap((name) => (name === '' ? [] : [name.replaceAll('-', '_')]));
}
