import type { DatabaseSync } from 'node:sqlite';
import { transaction } from '@berth/service-kit';
import type { BlobSources } from '../ports.ts';

// More tell nothing new; the oldest go.
const MAX_PER_BLOB = 16;

/** Keeps the last few repositories of each blob, in the gateway's `state.db`. No change begins a flush: a power cut may take what is learnt here. */
export function createSqliteBlobSources(database: DatabaseSync, nowMs: () => number): BlobSources {
  const insert = database.prepare(
    `INSERT INTO blob_sources VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET time_ms = excluded.time_ms`,
  );
  const trim = database.prepare(
    `DELETE FROM blob_sources WHERE digest = ? AND (domain, path) NOT IN
       (SELECT domain, path FROM blob_sources WHERE digest = ? ORDER BY time_ms DESC LIMIT ${MAX_PER_BLOB})`,
  );
  const find = database.prepare('SELECT path FROM blob_sources WHERE digest = ? AND domain = ? ORDER BY time_ms DESC');
  return {
    add(digest, { domain, path }) {
      transaction(database, () => {
        insert.run(digest, domain, path, nowMs());
        trim.run(digest, digest);
      });
    },
    find: (digest, domain) => find.all(digest, domain).map((row) => String(row.path)),
  };
}
