import { matchesGlob } from 'node:path';
import type { Image } from '@berth/proto/image';
import { CliError } from '../cli-error.ts';
import type { ImageName } from './image-rows.ts';

/** Says whether an image is to be shown under a name. */
export type ImageFilter = (image: Image, name: ImageName) => boolean;

/** Parses the values of `--filter`: `dangling=true|false`, `label=name[=value]`, `reference=pattern`. All must match. */
export function parseImageFilters(texts: readonly string[]): ImageFilter {
  const filters = texts.map(parseFilter);
  return (image, name) => filters.every((filter) => filter(image, name));
}

/** What `images REPOSITORY[:TAG]` shows. */
export function referenceFilter(pattern: string): ImageFilter {
  return (_, { repository, tag }) => matchesGlob(repository, pattern) || matchesGlob(`${repository}:${tag}`, pattern);
}

function parseFilter(text: string): ImageFilter {
  const [key = '', ...rest] = text.split('=');
  const value = rest.join('=');
  switch (key) {
    case 'dangling': {
      if (!['true', '1', 'false', '0'].includes(value)) {
        throw new CliError(`Error response from daemon: invalid filter 'dangling=[${value}]'`);
      }
      const wanted = value === 'true' || value === '1';
      return ({ tags }) => (tags.length === 0) === wanted;
    }
    case 'label': {
      const [name = '', ...labelValue] = value.split('=');
      return (image) => {
        const label = imageLabels(image)[name];
        return label !== undefined && (labelValue.length === 0 || label === labelValue.join('='));
      };
    }
    case 'reference':
      return referenceFilter(value);
    default:
      throw new CliError(`Error response from daemon: invalid filter '${key}'`);
  }
}

function imageLabels({ config }: Image): Record<string, string> {
  const parsed = JSON.parse(Buffer.from(config).toString() || '{}') as {
    config?: { Labels?: Record<string, string> | null };
  };
  return parsed.config?.Labels ?? {};
}
