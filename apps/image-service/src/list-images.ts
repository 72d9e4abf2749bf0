import {
  familiarReference,
  familiarRepository,
  formatReference,
  parseReference,
  repositoryOf,
  type Reference,
} from '@berth/oci';
import { checkFilterKeys, labelTest, parseBooleanFilter, parseUntil, unusedTest, valuesOf } from './image-filters.ts';
import type { ImageFilter, ImageTest } from './image-filters.ts';
import type { ImageRecord } from './image.ts';
import { lookUpImage } from './lookup.ts';
import { compilePathPattern } from './path-match.ts';
import type { ImageStore } from './ports.ts';

export interface ListRequest {
  /** Only this repository, or exactly this name; empty: all. */
  readonly reference: string;
  /** With images that have no name and that others were committed on. */
  readonly all: boolean;
  readonly filters: readonly ImageFilter[];
  /** Their configs are not wanted, and may be empty. */
  readonly omitConfig: boolean;
}

/**
 * Lists images as `docker images` does, newest first (https://github.com/moby/moby/blob/v28.5.2/daemon/images/images.go), each with those of
 * its names that are asked for. Throws INVALID_ARGUMENT, REFERENCE_INVALID, IMAGE_NOT_FOUND, IMAGE_AMBIGUOUS.
 */
export type ListImages = (request: ListRequest) => ImageRecord[];

export interface ListDeps {
  readonly store: Pick<ImageStore, 'list' | 'get' | 'findByReference' | 'findByPrefix'>;
  readonly nowMs: () => number;
}

const FILTERS = ['dangling', 'label', 'reference', 'before', 'since', 'until', 'unused-for'];

export function createListImages({ store, nowMs }: ListDeps): ListImages {
  function parseTests(filters: readonly ImageFilter[]): ImageTest[] {
    const now = nowMs();
    return [createTimeTest(store, filters, now), unusedTest(filters, now), labelTest(filters)];
  }

  return function listImages({ reference, all, filters, omitConfig }) {
    checkFilterKeys(filters, FILTERS);
    const dangling = parseBooleanFilter(filters, 'dangling');
    const tests = parseTests(filters);
    const nameTests = [...valueTests(filters), ...(reference === '' ? [] : [exactly(reference)])];
    const isNameless = ({ hasChildren }: ImageRecord): boolean =>
      nameTests.length === 0 && dangling !== false && (all || !hasChildren);
    // Labels are in the configs.
    const omitConfigs = omitConfig && valuesOf(filters, 'label').length === 0;
    return store.list({ omitConfigs }).flatMap((image) => {
      if (dangling === true && image.hasChildren) return [];
      const references = image.references.filter((name) => nameTests.every((fits) => fits(name)));
      const hasTag = references.some(({ tag }) => tag !== null);
      const isShown = references.length === 0 ? isNameless(image) : dangling !== true || !hasTag;
      return isShown && tests.every((test) => test(image)) ? [{ ...image, references }] : [];
    });
  };
}

/** Several patterns are alternatives. */
function valueTests(filters: readonly ImageFilter[]): ((name: Reference) => boolean)[] {
  const patterns = valuesOf(filters, 'reference').map(compilePathPattern);
  if (patterns.length === 0) return [];
  return [(name) => patterns.some((fits) => fits(familiarReference(name)) || fits(familiarRepository(name)))];
}

function exactly(text: string): (name: Reference) => boolean {
  const wanted = parseReference(text);
  const isRepository = wanted.tag === null && wanted.digest === null;
  return isRepository
    ? (name) => repositoryOf(name) === repositoryOf(wanted)
    : (name) => formatReference(name) === formatReference(wanted);
}

/** `before` and `until` with the oldest of their times, `since` with the newest: all of them hold. */
function createTimeTest(store: ListDeps['store'], filters: readonly ImageFilter[], nowMs: number): ImageTest {
  const timesOf = (key: string) => valuesOf(filters, key).map((name) => lookUpImage(store, name).createTimeMs ?? 0);
  const before = [...timesOf('before'), ...parseUntil(filters, nowMs)];
  const since = timesOf('since');
  if (before.length === 0 && since.length === 0) return () => true;
  const [end, start] = [Math.min(...before), Math.max(...since)];
  return ({ createTimeMs }) => createTimeMs !== null && createTimeMs < end && createTimeMs > start;
}
