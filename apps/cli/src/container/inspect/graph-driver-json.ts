import type { Container } from '@berth/proto/container';
import type { Json } from '../../format/json.ts';

export const STORAGE_DRIVER = 'overlayfs';

/** `GraphDriver`. What is merged is mounted for the container only; while it runs, its root shows it. */
export function graphDriverJson({ id, pid, rootDirectories }: Container): Json {
  if (!rootDirectories) return { Data: null, Name: STORAGE_DRIVER };
  const { lower, upper, work } = rootDirectories;
  const data = {
    ID: id,
    LowerDir: lower.join(':'),
    MergedDir: pid === 0 ? '' : `/proc/${pid}/root`,
    UpperDir: upper,
    WorkDir: work,
  };
  return { Data: data, Name: STORAGE_DRIVER };
}
