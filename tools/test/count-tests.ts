import { z } from 'zod';
import type { Counts } from './task.ts';

const jestResult = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  /** Files that could not be loaded: their tests are in no other figure. */
  numRuntimeErrorTestSuites: z.int(),
});

/** Counts what jest's --json tells. */
export function countJest(json: string): Counts {
  const result = jestResult.parse(JSON.parse(json));
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}

/** Counts the test lines of TAP (https://testanything.org). */
export function countTap(output: string): Counts {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const line of output.split('\n')) {
    const [, not, rest] = /^(not )?ok\b(.*)/.exec(line) ?? [];
    if (rest === undefined) continue;
    if (/#\s*(skip|todo)/i.test(rest)) counts.skipped += 1;
    else if (not) counts.failed += 1;
    else counts.passed += 1;
  }
  return counts;
}

/** A program that ended badly has failed, whatever it counted; and one that says nothing is wrong has to end well. */
export function withExitCode(counts: Counts, ok: boolean): Counts {
  return ok || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

export function addCounts(all: readonly Counts[]): Counts {
  return all.reduce(
    (sum, { passed, failed, skipped }) => ({
      passed: sum.passed + passed,
      failed: sum.failed + failed,
      skipped: sum.skipped + skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
}

/** `12 passed, 0 failed`, and `, 3 skipped` when there are any. */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
