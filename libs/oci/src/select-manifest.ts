import { BerthError } from '@berth/errors';
import type { Descriptor } from './descriptor.ts';
import type { Index } from './manifest.ts';
import { isIndexMediaType, isManifestMediaType } from './media-type.ts';
import { compatiblePlatforms, formatPlatform, type Platform } from './platform.ts';

/**
 * The entry of an index that a platform runs best: exact first, then the compatible ones in order, then one that names no platform.
 * The result may be a nested index. Throws PLATFORM_NOT_FOUND with Docker's text.
 */
export function selectManifest(index: Index, platform: Platform): Descriptor {
  const entries = index.manifests.filter(
    ({ mediaType }) => isManifestMediaType(mediaType) || isIndexMediaType(mediaType),
  );
  for (const candidate of compatiblePlatforms(platform)) {
    const wanted = formatPlatform(candidate);
    const found = entries.find((entry) => entry.platform !== null && formatPlatform(entry.platform) === wanted);
    if (found !== undefined) return found;
  }
  const anyPlatform = entries.find((entry) => entry.platform === null && entry.artifactType === null);
  if (anyPlatform !== undefined) return anyPlatform;
  throw new BerthError(
    'PLATFORM_NOT_FOUND',
    `no matching manifest for ${formatPlatform(platform)} in the manifest list entries`,
  );
}
