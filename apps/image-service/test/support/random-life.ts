import { isDeepStrictEqual } from 'node:util';
import type { ImageServiceClient } from '@berth/proto/image';
import { commitImage, importImage, loadImages } from './image-store-under-test.ts';

/** Numbers from 0 to 1 that depend on nothing but the seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What the service has told of: an image for each name, and one for each snapshot. */
export interface Told {
  readonly names: Record<string, string>;
  readonly snapshots: readonly string[];
}

/** What there is, as the service tells it. */
export async function ask(client: ImageServiceClient): Promise<Told> {
  const { images } = await client.listImages({ all: true });
  const pairs = images.flatMap(({ id, tags }) => tags.map((tag): [string, string] => [tag, id]));
  const { keys } = await client.listSnapshots({});
  return { names: Object.fromEntries(pairs.sort()), snapshots: [...keys].sort() };
}

/** One thing that a user may do; it says which names and snapshots it may change. */
interface Deed {
  readonly touches: readonly string[];
  readonly act: (client: ImageServiceClient) => Promise<unknown>;
}

const NAMES = ['a', 'b', 'c', 'd'].map((name) => `docker.io/library/${name}:1`);
const KEYS = ['k', 'l'];

function pick<T>(random: () => number, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

function chooseDeed(random: () => number, archive: Buffer): Deed {
  const [name, other, key] = [pick(random, NAMES), pick(random, NAMES), pick(random, KEYS)];
  const content = String(Math.floor(random() * 5));
  const deeds: Deed[] = [
    { touches: [name], act: (client) => importImage(client, name, content) },
    { touches: [name], act: (client) => importImage(client, name, content.repeat(200_000)) },
    { touches: [name, key], act: (client) => commitImage(client, { key, image: other, reference: name, content }) },
    { touches: [name], act: (client) => client.tagImage({ name: other, target: name }) },
    { touches: [name], act: (client) => client.deleteImage({ name, force: random() < 0.5 }) },
    { touches: [key], act: (client) => client.deleteSnapshot({ key }) },
    { touches: [...NAMES, ...KEYS], act: (client) => client.pruneImages({ all: random() < 0.7 }) },
    { touches: NAMES, act: (client) => loadImages(client, archive) },
  ];
  return pick(random, deeds);
}

export interface RandomLife {
  /** What there is when it begins. */
  readonly before: Told;
  readonly random: () => number;
  /** Images that may be loaded. */
  readonly archive: Buffer;
  readonly isOver: () => boolean;
  /** Called before each thing. */
  readonly prepare?: () => void;
  /** Called with what a thing has failed with. */
  readonly onFailure?: (error: unknown) => void;
}

/**
 * Does one thing after another until it is over. Returns what was told to exist before the last thing, and what that may have changed. Throws
 * when a thing has changed what it does not touch.
 */
export async function liveAtRandom(
  client: ImageServiceClient,
  { before, random, archive, isOver, prepare = () => {}, onFailure = () => {} }: RandomLife,
): Promise<{ told: Told; touched: readonly string[] }> {
  let told = before;
  for (;;) {
    const { touches, act } = chooseDeed(random, archive);
    prepare();
    const error = await act(client).then(
      () => null,
      (failure: unknown) => failure,
    );
    const now = isOver() ? null : await ask(client).catch(() => null);
    if (now === null) return { told, touched: touches };
    if (error !== null) onFailure(error);
    expectUntouched(told, now, touches);
    told = now;
  }
}

/** Throws unless all that was told is still so, apart from what was touched. */
export function expectUntouched(before: Told, after: Told, touched: readonly string[]): void {
  const known = ({ names, snapshots }: Told): object => ({
    names: Object.entries(names).filter(([name]) => !touched.includes(name)),
    snapshots: snapshots.filter((key) => !touched.includes(key)),
  });
  if (isDeepStrictEqual(known(before), known(after))) return;
  const shown = JSON.stringify({ before, after, touched }, null, 1);
  throw new Error(`what was told is not what there is: ${shown}`);
}
