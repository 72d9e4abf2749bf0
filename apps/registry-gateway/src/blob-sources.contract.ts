import { expect, test } from '@jest/globals';
import type { BlobSources } from './ports.ts';

/** What every BlobSources promises. */
export function testBlobSources(create: () => BlobSources): void {
  test('the repositories of a registry that have a blob are found, the last one first', () => {
    const sources = create();
    sources.add('sha256:a', { domain: 'r.test', path: 'one' });
    sources.add('sha256:a', { domain: 'r.test', path: 'two' });
    sources.add('sha256:a', { domain: 'other.test', path: 'three' });
    sources.add('sha256:b', { domain: 'r.test', path: 'four' });
    expect(sources.find('sha256:a', 'r.test')).toEqual(['two', 'one']);
    sources.add('sha256:a', { domain: 'r.test', path: 'one' });
    expect(sources.find('sha256:a', 'r.test')).toEqual(['one', 'two']);
    expect(sources.find('sha256:c', 'r.test')).toEqual([]);
  });
}
