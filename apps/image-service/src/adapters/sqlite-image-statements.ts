import type { DatabaseSync } from 'node:sqlite';

/** What SqliteImageStore says to its database, on the tables of IMAGE_MIGRATIONS. */
export function prepareStatements(database: DatabaseSync) {
  const sql = (text: string) => database.prepare(text);
  const relatives = `(SELECT id FROM images AS parent WHERE parent.id = images.parent_id AND NOT parent.hidden) AS visible_parent_id,
    EXISTS (SELECT 1 FROM images AS child WHERE child.parent_id = images.id AND NOT child.hidden) AS has_children`;
  const shown = `${relatives} FROM images WHERE NOT hidden ORDER BY create_time_ms DESC NULLS LAST, id`;
  const tagsFirst = "instr(reference, '@') > 0, reference";
  const unused = 'NOT EXISTS (SELECT 1 FROM image_layers WHERE image_layers.diff_id = layers.diff_id)';
  const unusedHidden = 'hidden AND NOT EXISTS (SELECT 1 FROM snapshots WHERE image_id = images.id)';
  return {
    insertImage: sql(
      `INSERT INTO images (id, config, platform, size_bytes, create_time_ms, leased, parent_id, add_time_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET hidden = 0, leased = max(leased, excluded.leased), add_time_ms = excluded.add_time_ms,
         parent_id = coalesce(parent_id, excluded.parent_id)`,
    ),
    insertLayer: sql(
      'INSERT INTO layers (name, diff_id, size_bytes, root, unsynced_boot) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    insertImageLayer: sql(
      'INSERT INTO image_layers (image_id, position, diff_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    insertBlob: sql(
      `INSERT INTO layer_blobs (diff_id, digest, media_type, size_bytes, repository) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (diff_id) DO UPDATE SET digest = excluded.digest, media_type = excluded.media_type,
         size_bytes = excluded.size_bytes, repository = excluded.repository WHERE layer_blobs.repository IS NULL`,
    ),
    keepBlob: sql(
      `INSERT INTO layer_blobs (diff_id, digest, media_type, size_bytes, repository, leased) VALUES (?, ?, ?, ?, NULL, 1)
       ON CONFLICT (diff_id) DO UPDATE SET digest = excluded.digest, media_type = excluded.media_type,
         size_bytes = excluded.size_bytes, repository = NULL, leased = 1`,
    ),
    insertManifest: sql(
      `INSERT INTO image_manifests (image_id, digest, media_type, size_bytes, repository) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (image_id) DO UPDATE SET digest = excluded.digest, media_type = excluded.media_type,
         size_bytes = excluded.size_bytes, repository = excluded.repository
       WHERE excluded.repository IS NOT NULL OR image_manifests.repository IS NULL`,
    ),
    manifest: sql('SELECT * FROM image_manifests WHERE image_id = ?'),
    blob: sql('SELECT * FROM layer_blobs WHERE diff_id = ?'),
    keepLease: sql('DELETE FROM ending_leases WHERE lease = ?'),
    setReference: sql(
      `INSERT INTO image_references (reference, image_id) VALUES (?, ?)
       ON CONFLICT (reference) DO UPDATE SET image_id = excluded.image_id`,
    ),
    deleteReference: sql('DELETE FROM image_references WHERE reference = ?'),
    deleteReferences: sql('DELETE FROM image_references WHERE image_id = ?'),
    hideImage: sql('UPDATE images SET hidden = 1 WHERE id = ?'),
    deleteHidden: sql(`DELETE FROM images WHERE ${unusedHidden}`),
    deleteLayer: sql('DELETE FROM layers WHERE name = ?'),
    unusedLayers: sql(`SELECT * FROM layers WHERE ${unused}`),
    countRubbish: sql(
      `SELECT (SELECT count(*) FROM layers WHERE ${unused}) + (SELECT count(*) FROM images WHERE ${unusedHidden}) AS count`,
    ),
    noteTag: sql('UPDATE images SET tag_time_ms = ? WHERE id = ?'),
    image: sql(`SELECT images.*, ${relatives} FROM images WHERE id = ? AND NOT hidden`),
    anyImage: sql('SELECT * FROM images WHERE id = ?'),
    images: sql(`SELECT images.*, ${shown}`),
    imagesWithoutConfigs: sql(
      `SELECT id, x'' AS config, platform, size_bytes, create_time_ms, last_used_time_ms, tag_time_ms, add_time_ms, ${shown}`,
    ),
    byReference: sql('SELECT image_id FROM image_references WHERE reference = ?'),
    byPrefix: sql('SELECT id FROM images WHERE id >= ? AND id < ? AND NOT hidden LIMIT 2'),
    references: sql(`SELECT reference FROM image_references WHERE image_id = ? ORDER BY ${tagsFirst}`),
    allReferences: sql(`SELECT image_id, reference FROM image_references ORDER BY ${tagsFirst}`),
    snapshotKeys: sql('SELECT key FROM snapshots WHERE image_id = ? ORDER BY sequence'),
    allSnapshotKeys: sql('SELECT image_id, key FROM snapshots ORDER BY sequence'),
    layersOf: sql('SELECT layers.* FROM image_layers JOIN layers USING (diff_id) WHERE image_id = ? ORDER BY position'),
    layerUses: sql('SELECT DISTINCT image_id, diff_id, size_bytes FROM image_layers JOIN layers USING (diff_id)'),
    layer: sql('SELECT * FROM layers WHERE diff_id = ?'),
    layers: sql('SELECT * FROM layers'),
    layersSize: sql('SELECT coalesce(sum(size_bytes), 0) AS bytes FROM layers'),
    unsynced: sql('SELECT name FROM layers WHERE unsynced_boot IS NOT NULL'),
    markSynced: sql('UPDATE layers SET unsynced_boot = NULL WHERE name = ?'),
    lostImages: sql(
      `SELECT DISTINCT image_id AS id FROM image_layers JOIN layers USING (diff_id)
       WHERE unsynced_boot != ? AND NOT EXISTS (SELECT 1 FROM snapshots WHERE snapshots.image_id = image_layers.image_id)`,
    ),
    deleteImage: sql('DELETE FROM images WHERE id = ?'),
  };
}
