import { setImmediate as settled } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { createGate } from './gate.ts';

const never = new AbortController().signal;

describe('createGate', () => {
  test('lets at most so many in, in order', async () => {
    const gate = createGate(2);
    const started: number[] = [];
    const ends: (() => void)[] = [];
    const runs = [0, 1, 2, 3].map((number) =>
      gate.run(never, () => {
        started.push(number);
        return new Promise<void>((resolve) => ends.push(resolve));
      }),
    );
    await Promise.resolve();
    expect(started).toEqual([0, 1]);
    ends[1]?.();
    await runs[1];
    await Promise.resolve();
    expect(started).toEqual([0, 1, 2]);
    for (const index of [0, 2]) ends[index]?.();
    await runs[0];
    await runs[2];
    ends[3]?.();
    await runs[3];
    expect(started).toEqual([0, 1, 2, 3]);
  });

  test('a task that fails gives its place to the next', async () => {
    const gate = createGate(1);
    await expect(gate.run(never, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await gate.run(never, () => Promise.resolve('next'))).toBe('next');
  });

  test('who is aborted while waiting leaves the queue', async () => {
    const gate = createGate(1);
    let end: () => void = () => {};
    const first = gate.run(never, () => new Promise<void>((resolve) => (end = resolve)));
    const stop = new AbortController();
    const second = gate.run(stop.signal, () => Promise.resolve('second'));
    const third = gate.run(never, () => Promise.resolve('third'));
    stop.abort(new Error('stopped'));
    await expect(second).rejects.toThrow('stopped');
    end();
    await first;
    expect(await third).toBe('third');
    await expect(gate.run(stop.signal, () => Promise.resolve())).rejects.toThrow('stopped');
  });

  test('a gate within another lets in what both do', async () => {
    const outer = createGate(2);
    const [early, whole] = [createGate(1, outer), createGate(2, outer)];
    const ends: (() => void)[] = [];
    const task = () => new Promise<void>((resolve) => ends.push(resolve));
    const runs = [early.tryRun(task), whole.run(never, task), whole.run(never, task)];
    await settled();
    expect(early.tryRun(task)).toBeNull();
    expect(ends).toHaveLength(2);
    ends[0]?.();
    await settled();
    expect(ends).toHaveLength(3);
    expect(early.tryRun(task)).toBeNull();
    for (const end of ends) end();
    await Promise.all(runs.filter((run) => run !== null));
    expect(await early.tryRun(() => Promise.resolve('room'))).toBe('room');
  });

  test('a task that does not wait runs only when there is room', async () => {
    const gate = createGate(1);
    let end: () => void = () => {};
    const first = gate.tryRun(() => new Promise<void>((resolve) => (end = resolve)));
    expect(gate.tryRun(() => Promise.resolve())).toBeNull();
    const waiting = gate.run(never, () => Promise.resolve('waiting'));
    end();
    await first;
    expect(await waiting).toBe('waiting');
    expect(await gate.tryRun(() => Promise.resolve('room'))).toBe('room');
  });
});
