import { test } from '@jest/globals';
import fc from 'fast-check';

const SECONDS = process.env['FUZZ_SECONDS'];

/**
 * A test that holds `check` against 300 random values; when `FUZZ_SECONDS` is set, against as many as it can in so many seconds, and then tells how many
 * they were. What fails is made as small as it can be, and told with the seed that finds it again.
 */
export function fuzz<T>(name: string, values: fc.Arbitrary<T>, check: (value: T) => void | Promise<void>): void {
  const ms = Number(SECONDS ?? '0') * 1000;
  const limits =
    ms === 0 ? { numRuns: 300 } : { numRuns: Infinity, interruptAfterTimeLimit: ms, markInterruptAsFailure: false };
  const property = fc.asyncProperty(values, async (value) => check(value));
  test(
    name,
    async () => {
      const details = await fc.check(property, limits);
      if (details.failed) throw new Error(fc.defaultReportMessage(details), { cause: details.errorInstance });
      if (ms > 0) process.stderr.write(`${name}: ${details.numRuns} values\n`);
    },
    ms + 60_000,
  );
}

/** Calls a parser; null when it throws what it may throw. */
export function refused<T>(parse: () => T, isAllowed: (error: unknown) => boolean): T | null {
  try {
    return parse();
  } catch (error) {
    if (isAllowed(error)) return null;
    throw error;
  }
}

/** Texts that a parser may meet: valid ones, valid ones with some places changed, and heaps of its tokens. */
export function hostileText(valid: readonly string[], tokens: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(fc.constantFrom(...tokens), fc.string({ unit: 'binary', maxLength: 4 }));
  const change = fc.record({ at: fc.nat(), removed: fc.nat({ max: 5 }), added: piece });
  const changed = fc.tuple(fc.constantFrom(...valid), fc.array(change, { maxLength: 4 })).map(changeText);
  return fc.oneof(
    changed,
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
  );
}

interface TextChange {
  readonly at: number;
  readonly removed: number;
  readonly added: string;
}

function changeText([text, changes]: [string, readonly TextChange[]]): string {
  return changes.reduce((before, { at, removed, added }) => {
    const place = at % (before.length + 1);
    return before.slice(0, place) + added + before.slice(place + removed);
  }, text);
}

/** JSON documents in which up to four members or elements were taken out or replaced; as bytes, sometimes cut off. */
export function hostileJson(valid: readonly unknown[]): fc.Arbitrary<Buffer> {
  const value = fc.oneof(
    fc.constantFrom<unknown[]>(-1, 0, 2 ** 53, 1e308, '', 'x'.repeat(5000), [], {}, [[[[]]]], null, undefined, true),
    fc.jsonValue(),
  );
  const change = fc.record({
    at: fc.nat(),
    key: fc.option(fc.constantFrom('__proto__', 'constructor', 'a', '')),
    value,
  });
  const document = fc.tuple(fc.constantFrom(...valid), fc.array(change, { maxLength: 4 })).map(changeDocument);
  const cut = fc.option(fc.nat(), { freq: 9 });
  return fc
    .tuple(document, cut)
    .map(([bytes, at]) => (at === null ? bytes : bytes.subarray(0, at % (bytes.length + 1))));
}

interface DocumentChange {
  readonly at: number;
  /** Added to what is at the place, instead of taking it. */
  readonly key: string | null;
  readonly value: unknown;
}

function changeDocument([valid, changes]: [unknown, readonly DocumentChange[]]): Buffer {
  const holder: Container = { root: structuredClone(valid) };
  for (const { at, key, value: shared } of changes) {
    const value = structuredClone(shared);
    const places = placesIn(holder);
    const [parent, name] = places[at % places.length] ?? [holder, 'root'];
    const there = parent[name];
    const [holds, member] = key !== null && isContainer(there) ? [there, key] : [parent, name];
    // An assignment would make of `__proto__` no member.
    Object.defineProperty(holds, member, { value, enumerable: true, configurable: true, writable: true });
  }
  return Buffer.from(JSON.stringify(holder['root']) ?? '');
}

type Container = Record<string, unknown>;

function placesIn(container: Container): [Container, string][] {
  return Object.entries(container).flatMap(([name, value]) => {
    const here: [Container, string] = [container, name];
    return isContainer(value) ? [here, ...placesIn(value)] : [here];
  });
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

const BLOCK = 512;
const NAMES = [
  'a',
  'a/b',
  '../x',
  '/etc/passwd',
  '.',
  '',
  './',
  'a/../../b',
  'manifest.json',
  'index.json',
  'blobs/sha256/a',
  '\u00ff',
];
const RECORDS = [
  'path=../x',
  'path=',
  'linkpath=/a',
  'size=3',
  'size=-1',
  'size=9007199254740993',
  'mtime=1.5',
  'uid=-1',
  '=',
  'a',
];

/** Tar archives of a few entries with hostile names, types, sizes and extended headers; checksums are mostly right. */
export function hostileTar(): fc.Arbitrary<Buffer> {
  const record = fc
    .tuple(fc.constantFrom(...RECORDS), fc.integer({ min: -2, max: 2 }))
    .map(([text, wrong]) => paxRecord(text, wrong));
  const content = fc.oneof(
    fc.array(record, { maxLength: 3 }).map((records) => records.join('')),
    fc.string({ maxLength: 600 }),
  );
  const size = fc.option(
    fc.constantFrom('77777777777', '-1', '', '9', '\x80\0\0\0\0\0\0\0\0\0\0\x01', '\xff'.repeat(12)),
    { freq: 5 },
  );
  const entry = fc.record({
    name: fc.constantFrom(...NAMES),
    link: fc.constantFrom(...NAMES),
    type: fc.constantFrom(...'0012235567xxgLKS\0'),
    ...{ content, size },
    spoilt: fc.option(fc.record({ at: fc.nat({ max: BLOCK - 1 }), byte: fc.nat({ max: 255 }), mended: fc.boolean() }), {
      freq: 3,
    }),
  });
  return fc.tuple(fc.array(entry, { maxLength: 6 }), fc.nat({ max: 3 * BLOCK })).map(([entries, cut]) => {
    const archive = Buffer.concat([...entries.map(writeHostileEntry), Buffer.alloc(2 * BLOCK)]);
    return archive.subarray(0, archive.length - (cut > 2 * BLOCK ? cut : 0));
  });
}

/** `12 path=../x\n`; `wrong` is how far its length is off. */
function paxRecord(text: string, wrong: number): string {
  return `${text.length + 4 + wrong} ${text}\n`;
}

interface HostileEntry {
  readonly name: string;
  readonly link: string;
  readonly type: string;
  readonly content: string;
  /** The size's field, where it is not that of the content. */
  readonly size: string | null;
  readonly spoilt: { readonly at: number; readonly byte: number; readonly mended: boolean } | null;
}

function writeHostileEntry({ name, link, type, content, size, spoilt }: HostileEntry): Buffer {
  const data = Buffer.from(content, 'latin1');
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100, 'latin1');
  header.write('0000644\0'.repeat(3), 100);
  header.write(size ?? data.length.toString(8).padStart(11, '0'), 124, 12, 'latin1');
  header.write('0'.repeat(11), 136);
  header.write(type, 156, 'latin1');
  header.write(link, 157, 100, 'latin1');
  header.write('ustar\0' + '00', 257);
  if (spoilt?.mended === true) header[spoilt.at] = spoilt.byte;
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0`, 148);
  if (spoilt?.mended === false) header[spoilt.at] = spoilt.byte;
  return Buffer.concat([header, data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)]);
}
