/** The schema, oldest version first. */
export const IMAGE_MIGRATIONS: readonly string[] = [
  `CREATE TABLE images (
     id TEXT PRIMARY KEY,
     config BLOB NOT NULL,
     platform TEXT NOT NULL,
     size_bytes INTEGER NOT NULL,
     create_time_ms INTEGER,
     last_used_time_ms INTEGER,
     -- Removed while snapshots of it exist: goes with the last of them.
     hidden INTEGER NOT NULL DEFAULT 0,
     leased INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE image_references (
     reference TEXT PRIMARY KEY,
     image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX image_references_by_image ON image_references (image_id);
   CREATE TABLE layers (
     name TEXT PRIMARY KEY,
     diff_id TEXT NOT NULL UNIQUE,
     size_bytes INTEGER NOT NULL,
     root TEXT,
     -- The boot in which it was unpacked, until it is known to be on the disk.
     unsynced_boot TEXT
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE image_layers (
     image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
     position INTEGER NOT NULL,
     diff_id TEXT NOT NULL REFERENCES layers (diff_id),
     PRIMARY KEY (image_id, position)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX image_layers_by_layer ON image_layers (diff_id);
   CREATE TABLE snapshots (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     key TEXT NOT NULL UNIQUE,
     name TEXT NOT NULL UNIQUE,
     image_id TEXT NOT NULL REFERENCES images (id)
   ) STRICT;
   CREATE INDEX snapshots_by_image ON snapshots (image_id);
   -- Leases of the content store that shall end: see leases.ts.
   CREATE TABLE ending_leases (lease TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
   CREATE TRIGGER image_lease_ends AFTER DELETE ON images WHEN old.leased BEGIN
     INSERT INTO ending_leases (lease) VALUES ('image:' || old.id) ON CONFLICT DO NOTHING;
   END;`,
  `CREATE TABLE layer_blobs (
     diff_id TEXT PRIMARY KEY REFERENCES layers (diff_id) ON DELETE CASCADE,
     digest TEXT NOT NULL,
     media_type TEXT NOT NULL,
     size_bytes INTEGER NOT NULL,
     -- Null: no registry is known to have it.
     repository TEXT
   ) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE images ADD COLUMN parent_id TEXT REFERENCES images (id) ON DELETE SET NULL;
   ALTER TABLE images ADD COLUMN tag_time_ms INTEGER;
   ALTER TABLE images ADD COLUMN add_time_ms INTEGER NOT NULL DEFAULT 0;
   -- Nobody knows any more, and an image shall not look as if it had been idle for ages.
   UPDATE images SET add_time_ms = unixepoch() * 1000;
   CREATE INDEX images_by_parent ON images (parent_id);`,
  `ALTER TABLE layer_blobs ADD COLUMN leased INTEGER NOT NULL DEFAULT 0;
   CREATE TRIGGER layer_lease_ends AFTER DELETE ON layer_blobs WHEN old.leased BEGIN
     INSERT INTO ending_leases (lease) VALUES ('layer:' || old.diff_id) ON CONFLICT DO NOTHING;
   END;
   -- The manifests that images came with.
   CREATE TABLE image_manifests (
     image_id TEXT PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
     digest TEXT NOT NULL,
     media_type TEXT NOT NULL,
     size_bytes INTEGER NOT NULL,
     repository TEXT
   ) STRICT, WITHOUT ROWID;`,
  `CREATE INDEX layer_blobs_by_digest ON layer_blobs (digest);`,
];
