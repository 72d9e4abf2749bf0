import { spawnSync } from 'node:child_process';
import { engineNames } from '@berth/client';

/** What is published in an engine's table: `tcp . 8080 : 172.17.0.2 . 80`, and the containers that are. */
export function publishedElements(root: string): string[] {
  const { table } = engineNames(root);
  return ['map published', 'map published_any', 'set selves'].flatMap((set) => {
    const { stdout } = spawnSync('nft', ['list', ...set.split(' ').toSpliced(1, 0, 'ip', table)], { encoding: 'utf8' });
    const [, elements = ''] = /elements = \{([^}]*)\}/.exec(stdout) ?? [];
    return elements
      .split(',')
      .map((text) => text.trim())
      .filter((text) => text !== '');
  });
}
