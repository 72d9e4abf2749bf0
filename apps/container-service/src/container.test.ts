import { describe, expect, test } from '@jest/globals';
import { advance, can, newContainer, type ContainerStatus, type ContainerVerb } from './container.ts';
import { aSpec } from './adapters/memory-engine.ts';

function aContainer(status: ContainerStatus, startTimeNs: bigint | null = null) {
  const container = newContainer(aSpec());
  return { ...container, state: { ...container.state, status, startTimeNs } };
}

describe('the life of a container', () => {
  test('is created, starts, runs, exits, and starts again', () => {
    let container = aContainer('created');
    for (const verb of ['start', 'run', 'exit', 'start'] as const) container = advance(container, verb, {});
    expect(container.state.status).toBe('starting');
  });

  test('goes back to where it was when a start fails', () => {
    expect(advance(aContainer('starting'), 'abandon', {}).state.status).toBe('created');
    expect(advance(aContainer('starting', 5n), 'abandon', {}).state.status).toBe('exited');
  });

  test.each<[ContainerStatus, ContainerVerb]>([
    ['created', 'run'],
    ['created', 'exit'],
    ['starting', 'start'],
    ['running', 'start'],
    ['running', 'remove'],
    ['exited', 'exit'],
    ['exited', 'run'],
  ])('one that is %s cannot %s', (status, verb) => {
    expect(can(aContainer(status), verb)).toBe(false);
    expect(() => advance(aContainer(status), verb, {})).toThrow(`is ${status}: cannot ${verb} it now`);
  });

  test('keeps what a verb does not change', () => {
    const running = advance(aContainer('starting'), 'run', { pid: 7 });
    expect(advance(running, 'exit', { exitCode: 3 }).state).toMatchObject({ pid: 7, exitCode: 3, status: 'exited' });
  });
});
