import { parseDuration, parseTime } from '@berth/client/parse-time';
import { BerthError } from '@berth/errors';
import { lastTouchMs, type ImageRecord } from './image.ts';

/** A filter as a user writes it: `key=value`. */
export interface ImageFilter {
  readonly key: string;
  readonly value: string;
}

/** Says whether an image is wanted. */
export type ImageTest = (image: ImageRecord) => boolean;

/** Throws INVALID_ARGUMENT, in Docker's words, for a key that is not among these. */
export function checkFilterKeys(filters: readonly ImageFilter[], known: readonly string[]): void {
  const unknown = filters.find(({ key }) => !known.includes(key));
  if (unknown !== undefined) throw new BerthError('INVALID_ARGUMENT', `invalid filter '${unknown.key}'`);
}

export function valuesOf(filters: readonly ImageFilter[], wanted: string): string[] {
  return filters.filter(({ key }) => key === wanted).map(({ value }) => value);
}

/** What a filter that is true or false says; null: nothing. Throws INVALID_ARGUMENT, also when it says both. */
export function parseBooleanFilter(filters: readonly ImageFilter[], key: string): boolean | null {
  const values = valuesOf(filters, key);
  if (values.length === 0) return null;
  const isTrue = values.some((value) => ['1', 'true'].includes(value));
  const isFalse = values.some((value) => ['0', 'false'].includes(value));
  if (isTrue === isFalse) throw new BerthError('INVALID_ARGUMENT', `invalid filter '${key}=[${values.join(' ')}]'`);
  return isTrue;
}

/** The filters `label`, of which each must fit, and `label!`, of which none may. */
export function labelTest(filters: readonly ImageFilter[]): ImageTest {
  const present = valuesOf(filters, 'label').map(parseLabel);
  const absent = valuesOf(filters, 'label!').map(parseLabel);
  if (present.length === 0 && absent.length === 0) return () => true;
  return (image) => {
    const labels = labelsOf(image);
    return present.every((fits) => fits(labels)) && !absent.some((fits) => fits(labels));
  };
}

/** Configs were checked when they came: a list of a thousand images has no time to do so again. */
function labelsOf({ config }: ImageRecord): Readonly<Record<string, string>> {
  const document = JSON.parse(Buffer.from(config).toString()) as {
    config?: { Labels?: Record<string, string> | null } | null;
  };
  return document.config?.Labels ?? {};
}

function parseLabel(text: string): (labels: Readonly<Record<string, string>>) => boolean {
  const equals = text.indexOf('=');
  if (equals < 0) return (labels) => Object.hasOwn(labels, text);
  const [name, value] = [text.slice(0, equals), text.slice(equals + 1)];
  return (labels) => Object.hasOwn(labels, name) && labels[name] === value;
}

/** The times of `until` filters, Unix milliseconds. Throws INVALID_ARGUMENT. */
export function parseUntil(filters: readonly ImageFilter[], nowMs: number): number[] {
  return valuesOf(filters, 'until').map((text) => {
    const time = parseTime(text, new Date(nowMs));
    if (time === null) throw new BerthError('INVALID_ARGUMENT', `invalid time ${JSON.stringify(text)} in filter`);
    return time.getTime();
  });
}

/** The filter `unused-for`: images that no container has, and that nobody has touched for so long. Throws INVALID_ARGUMENT. */
export function unusedTest(filters: readonly ImageFilter[], nowMs: number): ImageTest {
  const durations = valuesOf(filters, 'unused-for').map((text) => {
    const durationMs = parseDuration(text);
    if (durationMs === null || durationMs < 0) {
      throw new BerthError('INVALID_ARGUMENT', `invalid duration ${JSON.stringify(text)} in filter`);
    }
    return durationMs;
  });
  if (durations.length === 0) return () => true;
  const before = nowMs - Math.max(...durations);
  return (image) => image.snapshotKeys.length === 0 && lastTouchMs(image) <= before;
}
