import type { DatabaseSync } from 'node:sqlite';
import { transaction, type CommitFlush } from '@berth/service-kit';
import type { BlobDescriptor } from '../ports.ts';

/** Migrations of the gateway's `state.db`. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE blobs (
     digest TEXT PRIMARY KEY,
     size_bytes INTEGER NOT NULL,
     media_type TEXT NOT NULL,
     create_time_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   -- A lease may name what is not there yet.
   CREATE TABLE leases (
     lease TEXT NOT NULL,
     digest TEXT NOT NULL,
     PRIMARY KEY (lease, digest)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX leases_by_digest ON leases (digest);`,
  `CREATE TABLE blob_sources (
     digest TEXT NOT NULL,
     domain TEXT NOT NULL,
     path TEXT NOT NULL,
     time_ms INTEGER NOT NULL,
     PRIMARY KEY (digest, domain, path)
   ) STRICT, WITHOUT ROWID;
   CREATE TRIGGER blob_sources_end AFTER DELETE ON blobs BEGIN
     DELETE FROM blob_sources WHERE digest = old.digest;
   END;`,
];

/** Which blobs are there and what keeps them. A row is written after its file, and removed before it. */
export interface BlobIndex {
  get(digest: string): BlobDescriptor | null;
  /** Adds a blob, with a lease if one is named; a blob that is there already stays as it is. */
  add(blob: BlobDescriptor, lease: string | null): void;
  remove(digest: string): void;
  /** At most `limit` blobs by digest, after one of them or from the first. */
  list(after: string | null, limit: number): BlobDescriptor[];
  /** The name of one lease that keeps it; null when none does. */
  leaseOf(digest: string): string | null;
  setLease(lease: string, digests: readonly string[], adds: boolean): void;
  /** What a lease keeps. */
  keptBy(lease: string): string[];
  /** What a lease keeps and no other does. */
  keptOnlyBy(lease: string): string[];
  /** What came before that time and no lease keeps. */
  listUnused(beforeMs: number): string[];
}

/** Each change begins a flush: it is on the disk when that has settled. */
export function createSqliteBlobIndex(database: DatabaseSync, flush: Pick<CommitFlush, 'begin'>): BlobIndex {
  const columns = 'digest, size_bytes, media_type';
  const select = database.prepare(`SELECT ${columns} FROM blobs WHERE digest = ?`);
  const insert = database.prepare('INSERT OR IGNORE INTO blobs VALUES (?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM blobs WHERE digest = ?');
  const list = database.prepare(`SELECT ${columns} FROM blobs WHERE digest > ? ORDER BY digest LIMIT ?`);
  const selectLease = database.prepare('SELECT lease FROM leases WHERE digest = ? LIMIT 1');
  const removeLease = database.prepare('DELETE FROM leases WHERE lease = ?');
  const insertLease = database.prepare('INSERT OR IGNORE INTO leases VALUES (?, ?)');
  const selectKept = database.prepare('SELECT digest FROM leases WHERE lease = ?');
  const selectKeptOnly = database.prepare(
    `SELECT digest FROM leases AS own WHERE lease = ?
     AND NOT EXISTS (SELECT 1 FROM leases AS other WHERE other.digest = own.digest AND other.lease <> own.lease)`,
  );
  const selectUnused = database.prepare(
    `SELECT digest FROM blobs WHERE create_time_ms < ?
     AND NOT EXISTS (SELECT 1 FROM leases WHERE leases.digest = blobs.digest)`,
  );

  return {
    get(digest) {
      const row = select.get(digest);
      return row === undefined ? null : toDescriptor(row);
    },
    add({ digest, size, mediaType }, lease) {
      transaction(database, () => {
        insert.run(digest, size, mediaType, Date.now());
        if (lease !== null) insertLease.run(lease, digest);
      });
      flush.begin();
    },
    remove(digest) {
      remove.run(digest);
      flush.begin();
    },
    list(after, limit) {
      return list.all(after ?? '', limit).map(toDescriptor);
    },
    leaseOf(digest) {
      const row = selectLease.get(digest);
      return row === undefined ? null : String(row.lease);
    },
    setLease(lease, digests, adds) {
      transaction(database, () => {
        if (!adds) removeLease.run(lease);
        for (const digest of digests) insertLease.run(lease, digest);
      });
      flush.begin();
    },
    keptBy: (lease) => selectKept.all(lease).map(({ digest }) => String(digest)),
    keptOnlyBy: (lease) => selectKeptOnly.all(lease).map(({ digest }) => String(digest)),
    listUnused: (beforeMs) => selectUnused.all(beforeMs).map(({ digest }) => String(digest)),
  };
}

function toDescriptor(row: Record<string, unknown>): BlobDescriptor {
  return { digest: String(row.digest), size: Number(row.size_bytes), mediaType: String(row.media_type) };
}
