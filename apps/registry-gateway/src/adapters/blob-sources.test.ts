import { describe, expect, test } from '@jest/globals';
import { openDatabase } from '@berth/service-kit';
import { testBlobSources } from '../blob-sources.contract.ts';
import { createMemoryBlobSources } from './memory-blob-sources.ts';
import { createSqliteBlobIndex, MIGRATIONS } from './sqlite-blob-index.ts';
import { createSqliteBlobSources } from './sqlite-blob-sources.ts';

function open() {
  let timeMs = 0;
  const database = openDatabase({ path: ':memory:', migrations: MIGRATIONS });
  return {
    index: createSqliteBlobIndex(database, { begin() {} }),
    sources: createSqliteBlobSources(database, () => timeMs++),
  };
}

describe('memory', () => testBlobSources(createMemoryBlobSources));

describe('sqlite', () => {
  testBlobSources(() => open().sources);

  test('only the last few repositories of a blob are kept, and none of a blob that was removed', () => {
    const { index, sources } = open();
    index.add({ digest: 'sha256:a', size: 1, mediaType: 'l' }, null);
    for (let count = 0; count < 20; count++) sources.add('sha256:a', { domain: 'r.test', path: `r${count}` });
    expect(sources.find('sha256:a', 'r.test')).toHaveLength(16);
    expect(sources.find('sha256:a', 'r.test')[0]).toBe('r19');
    index.remove('sha256:a');
    expect(sources.find('sha256:a', 'r.test')).toEqual([]);
  });
});
