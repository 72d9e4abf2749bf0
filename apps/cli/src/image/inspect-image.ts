// An image as `docker image inspect` shows it.
import { familiarReference, parseReference } from '@berth/oci';
import type { Image } from '@berth/proto/image';
import { formatRfc3339Nano } from '../format/go-time.ts';
import type { Json } from '../format/json.ts';

export function imageJson(image: Image, layerDirs: readonly string[]): Record<string, Json> {
  const config = parseConfig(image.config);
  const [os = '', architecture = '', variant = ''] = image.platform.split('/');
  const rootfs = asObject(config.rootfs);
  const history = Array.isArray(config.history) ? config.history.map(asObject) : [];
  return {
    Id: image.id,
    RepoTags: image.tags.map(familiar),
    RepoDigests: image.digests.map(familiar),
    Parent: image.parentId,
    Comment: history.at(-1)?.comment ?? '',
    Created: image.createTime ? createdOf(config) : '',
    DockerVersion: config.docker_version ?? '',
    Author: config.author ?? '',
    Config: config.config ?? null,
    Architecture: architecture,
    ...(variant === '' ? {} : { Variant: variant }),
    Os: os,
    Size: Number(image.sizeBytes),
    GraphDriver: { Name: 'overlayfs', Data: graphDriverData(layerDirs) },
    RootFS: { Type: 'layers', Layers: rootfs.diff_ids ?? [] },
    Metadata: {
      LastTagTime: formatRfc3339Nano(image.tagTime),
      LastUsedTime: formatRfc3339Nano(image.lastUsedTime),
    },
  };
}

/** As the config says it, to the nanosecond, without zeros at the end. */
function createdOf({ created }: Record<string, Json>): string {
  return String(created).replace(/(?:\.|(\.\d*?[1-9]))0*(?=[Zz]|[+-]\d\d:\d\d$)/, '$1');
}

/** The layers as overlayfs takes them: those below, and the uppermost. */
function graphDriverData([upper, ...lower]: readonly string[]): Json {
  if (upper === undefined) return null;
  return { ...(lower.length === 0 ? {} : { LowerDir: lower.join(':') }), UpperDir: upper };
}

function parseConfig(bytes: Uint8Array): Record<string, Json> {
  return asObject(JSON.parse(Buffer.from(bytes).toString() || '{}') as Json);
}

function asObject(value: Json | undefined): Record<string, Json> {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}

function familiar(reference: string): string {
  return familiarReference(parseReference(reference));
}
