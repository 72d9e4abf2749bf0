import { expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { parseReference } from '@berth/oci';
import { LayerPhase, type PullImageResponse } from '@berth/proto/image';
import { createPlainDisplay, createTerminalDisplay, type ProgressDisplay } from '../progress/progress-display.ts';
import { createPullNarrator, pullStatus } from './pull-lines.ts';

const REFERENCE = parseReference('busybox:latest');
const DIGEST = `sha256:${'d4'.repeat(32)}`;
const A = `sha256:${'aa'.repeat(32)}`;
const B = `sha256:${'bb'.repeat(32)}`;

function layer(digest: string, phase: LayerPhase, bytes: [number, number] = [0, 0]): PullImageResponse {
  const [current, total] = bytes;
  return {
    event: { $case: 'layer', value: { digest, phase, currentBytes: BigInt(current), totalBytes: BigInt(total) } },
  };
}

const PULL: PullImageResponse[] = [
  { event: { $case: 'resolved', value: { reference: '', digest: DIGEST, layers: [A, B] } } },
  layer(A, LayerPhase.WAITING),
  layer(B, LayerPhase.WAITING),
  layer(B, LayerPhase.WAITING),
  layer(A, LayerPhase.DOWNLOADING, [532, 52_430]),
  layer(A, LayerPhase.DOWNLOADING, [26_215, 52_430]),
  layer(A, LayerPhase.DOWNLOADED),
  layer(A, LayerPhase.EXTRACTING, [52_430, 52_430]),
  layer(A, LayerPhase.COMPLETE),
  layer(B, LayerPhase.DOWNLOADING, [5000, 0]),
  layer(B, LayerPhase.COMPLETE),
  { event: { $case: 'done', value: { image: undefined, digest: DIGEST, upToDate: false } } },
];

function show(makeDisplay: (out: PassThrough) => ProgressDisplay, pull: PullImageResponse[]): string {
  const out = new PassThrough();
  const display = makeDisplay(out);
  const narrate = createPullNarrator(REFERENCE);
  for (const response of pull) {
    narrate(response).forEach(display);
    if (response.event?.$case === 'done') display(pullStatus(REFERENCE, response.event.value.upToDate));
  }
  return String(out.read());
}

test('a pipe gets what changes, once', () => {
  expect(show(createPlainDisplay, PULL)).toBe(
    [
      'latest: Pulling from library/busybox',
      'aaaaaaaaaaaa: Pulling fs layer',
      'bbbbbbbbbbbb: Pulling fs layer',
      'bbbbbbbbbbbb: Waiting',
      'aaaaaaaaaaaa: Download complete',
      'aaaaaaaaaaaa: Pull complete',
      'bbbbbbbbbbbb: Pull complete',
      `Digest: ${DIGEST}`,
      'Status: Downloaded newer image for busybox:latest',
      '',
    ].join('\n'),
  );
});

// As recorded from docker 28 on a terminal of 130 columns.
test('a terminal gets a row a layer, with a bar', () => {
  expect(show((out) => createTerminalDisplay(out, () => ({ rows: 24, columns: 130 })), PULL)).toBe(
    [
      'latest: Pulling from library/busybox\n',
      '\n\x1b[1A\x1b[2K\raaaaaaaaaaaa: Pulling fs layer \r\x1b[1B',
      '\n\x1b[1A\x1b[2K\rbbbbbbbbbbbb: Pulling fs layer \r\x1b[1B',
      '\x1b[1A\x1b[2K\rbbbbbbbbbbbb: Waiting \r\x1b[1B',
      '\x1b[2A\x1b[2K\raaaaaaaaaaaa: Downloading [>                                                  ]     532B/52.43kB\r\x1b[2B',
      '\x1b[2A\x1b[2K\raaaaaaaaaaaa: Downloading [=========================>                         ]  26.21kB/52.43kB\r\x1b[2B',
      '\x1b[2A\x1b[2K\raaaaaaaaaaaa: Download complete \r\x1b[2B',
      '\x1b[2A\x1b[2K\raaaaaaaaaaaa: Extracting [==================================================>]  52.43kB/52.43kB\r\x1b[2B',
      '\x1b[2A\x1b[2K\raaaaaaaaaaaa: Pull complete \r\x1b[2B',
      '\x1b[1A\x1b[2K\rbbbbbbbbbbbb: Downloading      5kB\r\x1b[1B',
      '\x1b[1A\x1b[2K\rbbbbbbbbbbbb: Pull complete \r\x1b[1B',
      `Digest: ${DIGEST}\n`,
      'Status: Downloaded newer image for busybox:latest\n',
    ].join(''),
  );
});

test('a narrow terminal gets numbers only', () => {
  const text = show((out) => createTerminalDisplay(out, () => ({ rows: 24, columns: 80 })), PULL);
  expect(text).toContain('aaaaaaaaaaaa: Downloading     532B/52.43kB\r');
  expect(text).not.toContain('[>');
});

test('a small terminal gets what fits, and no row that has scrolled away is drawn', () => {
  const text = show((out) => createTerminalDisplay(out, () => ({ rows: 2, columns: 32 })), PULL);
  expect(text).toContain('\x1b[1A\x1b[2K\rbbbbbbbbbbbb: Downloading      5\r\x1b[1B');
  expect(text).not.toContain('\x1b[2A');
});

test('layers that were there are not announced', () => {
  const done = { event: { $case: 'done' as const, value: { image: undefined, digest: DIGEST, upToDate: true } } };
  expect(show(createPlainDisplay, [layer(A, LayerPhase.ALREADY_EXISTS), done])).toBe(
    `aaaaaaaaaaaa: Already exists\nDigest: ${DIGEST}\nStatus: Image is up to date for busybox:latest\n`,
  );
});
