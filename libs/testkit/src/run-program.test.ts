import { expect, test } from '@jest/globals';
import { runProgram } from './run-program.ts';

test('a program gets its input and gives both outputs and its code', async () => {
  const result = await runProgram('sh', ['-c', 'cat; echo problem >&2; exit 3'], { input: 'text' });
  expect(result).toEqual({ code: 3, stdout: 'text', stderr: 'problem\n' });
});

test('a program that is killed has the code a shell would tell', async () => {
  expect((await runProgram('sh', ['-c', 'kill -TERM $$'])).code).toBe(143);
  expect((await runProgram('sleep', ['60'], { timeoutMs: 50 })).code).toBe(137);
});

test('a program that does not exist is an error', async () => {
  await expect(runProgram('/does/not/exist', [])).rejects.toThrow('ENOENT');
});
