import assert from 'node:assert/strict';
import test from 'node:test';
import { waitFor } from '@berth/testkit';
import { findLeftovers } from '../../test/support/find-leftovers.ts';
import { engine } from './engine.ts';

test('containers that are gone leave nothing', async () => {
  await waitFor(() => findLeftovers(engine()).length === 0, { what: 'the clean-up' }).catch(() => undefined);
  assert.deepEqual(findLeftovers(engine()), []);
});
