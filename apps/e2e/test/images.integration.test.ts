import { expect, test } from '@jest/globals';
import { useEngine } from './support/use-engine.ts';

const cli = useEngine();

/** What a command tells when it fails. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stderr } = await cli.berth(...args);
  expect(code).toBe(1);
  return stderr.trim().replace('Error response from daemon: ', '');
}

test('what was committed on what: its history, its rows, what may be removed and what a prune takes', async () => {
  const base = await cli.ok('image', 'inspect', '-f', '{{.Id}}', 'busybox');
  const short = (id: string) => id.slice('sha256:'.length, 'sha256:'.length + 12);
  const make = async (from: string, command: string, ...name: string[]) => {
    await cli.ok('run', '--name', 'maker', from, 'sh', '-c', command);
    const id = await cli.ok('commit', '-m', 'by hand', 'maker', ...name);
    await cli.ok('rm', 'maker');
    return id;
  };
  const step = await make('busybox', 'echo 12345 >/step');
  const made = await make(step, 'rm /etc/passwd; echo 1234567890 >/made', 'made:1');

  const history = await cli.ok('history', '--no-trunc', '--format', '{{.ID}} {{.Size}} {{.Comment}}', 'made:1');
  expect(history.split('\n')).toEqual([
    `${made} 11B by hand`,
    `${step} 6B by hand`,
    expect.stringMatching(`^${base} `),
  ]);
  expect(await cli.ok('image', 'inspect', '-f', '{{.Parent}}', 'made:1', step)).toBe(`${step}\n${base}`);
  expect(await cli.ok('image', 'diff', 'busybox', 'made:1')).toBe('C /etc\nD /etc/passwd\nA /made\nA /step');

  // What is only a step shows on demand.
  expect((await cli.ok('images', '-q')).split('\n')).toEqual([short(made), short(base)]);
  expect((await cli.ok('images', '-aq', '-f', 'since=busybox')).split('\n')).toEqual([short(made), short(step)]);
  expect(await cli.ok('images', '--format', '{{.Repository}}:{{.Tag}}', 'm*e')).toBe('made:1');
  expect(await cli.ok('images', '-q', '-f', 'dangling=true')).toBe('');

  expect(await refusal('rmi', '-f', step)).toBe(
    `conflict: unable to delete ${short(step)} (cannot be forced) - image has dependent child images`,
  );
  await cli.ok('create', '--name', 'user', 'made:1');
  expect(await cli.ok('image', 'prune', '-af')).toBe('Total reclaimed space: 0B');
  const [images = ''] = (
    await cli.ok('system', 'df', '--format', '{{.TotalCount}} {{.Active}} {{.Reclaimable}}')
  ).split('\n');
  expect(images).toBe('2 1 0B (0%)');

  const pruned = await cli.ok('system', 'prune', '-f', '-a', '--filter', 'label!=keep');
  expect(pruned).toMatch(/^Deleted Containers:\n[0-9a-f]{64}\n\nDeleted Images:\nuntagged: made:1\n/);
  for (const id of [made, step, base]) expect(pruned).toContain(`\ndeleted: ${id}\n`);
  expect(pruned).toMatch(/\nTotal reclaimed space: .*MB$/);
  expect(await cli.ok('images', '-aq')).toBe('');
});
