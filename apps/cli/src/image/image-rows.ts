import { familiarRepository, parseReference, type Reference } from '@berth/oci';
import type { Image } from '@berth/proto/image';
import { formatDuration } from '../format/human-duration.ts';
import { formatSize } from '../format/human-size.ts';
import { formatGoTime, toMs } from '../format/go-time.ts';
import type { Row, RowFormat } from '../format/rows.ts';
import { shortId } from '../format/text.ts';

const NONE = '<none>';

/** How images are shown; with digests as a column of their own, or without. */
export function imageFormat(digests: boolean): RowFormat {
  return {
    typeName: '*formatter.imageContext',
    headers: {
      ID: 'IMAGE ID',
      Repository: 'REPOSITORY',
      Tag: 'TAG',
      Digest: 'DIGEST',
      CreatedSince: 'CREATED',
      CreatedAt: 'CREATED AT',
      Size: 'SIZE',
      Containers: 'CONTAINERS',
      VirtualSize: 'SIZE',
      SharedSize: 'SHARED SIZE',
      UniqueSize: 'UNIQUE SIZE',
      LastUsed: 'LAST USED',
    },
    columns: ['Repository', 'Tag', ...(digests ? ['Digest'] : []), 'ID', 'CreatedSince', 'Size'],
  };
}

/** One name of an image, as users write it. */
export interface ImageName {
  repository: string;
  tag: string;
  digest: string;
}

/** The names under which an image is listed: each tag (with each digest of its repository), or what there is instead. */
export function imageNames({ tags, digests }: Image, showDigests: boolean): ImageName[] {
  const tagged = tags.map(parseReference);
  const digested = digests.map(parseReference);
  const names = tagged.flatMap((reference): ImageName[] => {
    const own = showDigests ? digested.filter((other) => isSameRepository(other, reference)) : [];
    const shown = own.length > 0 ? own.map(({ digest }) => digest ?? NONE) : [NONE];
    return shown.map((digest) => name(reference, digest));
  });
  const untagged = digested.filter((reference) => !tagged.some((other) => isSameRepository(other, reference)));
  const rows = showDigests ? untagged : uniqueRepositories(untagged);
  const all = [...names, ...rows.map((reference) => name(reference, reference.digest ?? NONE))];
  return all.length > 0 ? all : [{ repository: NONE, tag: NONE, digest: NONE }];
}

function isSameRepository(a: Reference, b: Reference): boolean {
  return a.domain === b.domain && a.path === b.path;
}

function uniqueRepositories(references: readonly Reference[]): Reference[] {
  return references.filter((one, index) => index === references.findIndex((other) => isSameRepository(one, other)));
}

function name(reference: Reference, digest: string): ImageName {
  return { repository: familiarRepository(reference), tag: reference.tag ?? NONE, digest };
}

/** An image under one of its names, as `images` shows it. */
export function imageRow(image: Image, named: ImageName, { noTrunc, nowMs }: { noTrunc: boolean; nowMs: number }): Row {
  const { createTime, lastUsedTime, sizeBytes } = image;
  return {
    ID: noTrunc ? image.id : shortId(image.id),
    Repository: named.repository,
    Tag: named.tag,
    Digest: named.digest,
    CreatedSince: createTime ? `${formatDuration(nowMs - toMs(createTime))} ago` : 'N/A',
    CreatedAt: createTime ? formatGoTime(createTime) : 'N/A',
    Size: formatSize(sizeBytes),
    Containers: 'N/A',
    SharedSize: 'N/A',
    UniqueSize: 'N/A',
    VirtualSize: formatSize(sizeBytes, 4),
    LastUsed: lastUsedTime ? `${formatDuration(nowMs - toMs(lastUsedTime))} ago` : 'N/A',
  };
}
