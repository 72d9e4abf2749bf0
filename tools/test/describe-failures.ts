import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import type { Task } from './task.ts';

const FAILURES = 20;
const LINES = 10;
/** What jest says of a test's own frames is at the top; the rest is of its machinery. */
const FRAMES = 2;

const jestResult = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()) }),
      ),
    }),
  ),
});

/**
 * What failed in a task, each in a few lines, a name first: the end of its output is what is seen of a long run. `json` is what jest's
 * --json told; null when it told nothing. Empty when the output names no failure, as that of a task that was killed.
 */
export function describeFailures(kind: Task['kind'], log: string, json: string | null): string[] {
  const all = kind === 'tap' ? tapFailures(log) : kind === 'jest' && json !== null ? jestFailures(json) : [];
  if (all.length === 0) return [lastLines(log)];
  const more = all.length - FAILURES;
  return more > 0 ? [...all.slice(0, FAILURES), `and ${more} more`] : all;
}

function jestFailures(json: string): string[] {
  return jestResult.parse(JSON.parse(json)).testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = name.split('/').slice(-2).join('/');
    const failed = assertionResults.filter((each) => each.status === 'failed');
    // Without a test that failed it is the file that did: it was not loaded, or what follows its tests failed.
    if (failed.length === 0) return status === 'failed' ? [`${file}\n${firstLines(message)}`] : [];
    // An engine that did not start fails every test of a file with the same words.
    const namesByText = new Map<string, string[]>();
    for (const { fullName, failureMessages } of failed) {
      const text = firstLines(failureMessages[0] ?? '');
      namesByText.set(text, [...(namesByText.get(text) ?? []), `${file} › ${fullName}`]);
    }
    return Array.from(namesByText, ([text, names]) => [...names, text].join('\n'));
  });
}

function tapFailures(log: string): string[] {
  const blocks = log.split(/^(?=(?:not )?ok\b|# \/|# \S+ failed with)/m);
  return blocks.filter((block) => block.startsWith('not ok')).map(firstLines);
}

function firstLines(text: string): string {
  const lines = plainLines(text);
  const frame = lines.findIndex((line) => /^\s+at /.test(line));
  const end = frame < 0 ? LINES : Math.min(frame + FRAMES, LINES + FRAMES);
  return indent(
    frame > LINES ? [...lines.slice(0, LINES), ...lines.slice(frame, frame + FRAMES)] : lines.slice(0, end),
  );
}

function lastLines(text: string): string {
  return indent(plainLines(text).slice(-LINES));
}

function plainLines(text: string): string[] {
  return stripVTControlCharacters(text)
    .split('\n')
    .filter((line) => line.trim() !== '');
}

function indent(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}
