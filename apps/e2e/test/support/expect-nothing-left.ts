import { expect } from '@jest/globals';
import { waitFor, type TestEngine } from '@berth/testkit';
import { findLeftovers } from './find-leftovers.ts';

/** What containers leave when they are gone: nothing. Clean-up happens off the path of the answer, so it is waited for. */
export async function expectNothingLeft(engine: TestEngine): Promise<void> {
  await waitFor(() => findLeftovers(engine).length === 0, { what: 'the clean-up' }).catch(() => undefined);
  expect(findLeftovers(engine)).toEqual([]);
}
