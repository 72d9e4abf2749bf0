import { spawnSync } from 'node:child_process';
import { engineNames } from '@berth/client';

/** What is published in an engine's table: `tcp . 8080 : 172.17.0.2 . 80`, and the containers that are. */
export function publishedElements(root: string): string[] {
  const { table } = engineNames(root);
  const sets = ['map published', 'map published_any', 'set selves'].map((set) => set.split(' '));
  const places = ['ip', 'ip6'].flatMap((family) => sets.map((set) => set.toSpliced(1, 0, family, table)));
  return places.flatMap((place) => {
    const { stdout } = spawnSync('nft', ['list', ...place], { encoding: 'utf8' });
    const [, elements = ''] = /elements = \{([^}]*)\}/.exec(stdout) ?? [];
    return elements
      .split(',')
      .map((text) => text.trim())
      .filter((text) => text !== '');
  });
}
