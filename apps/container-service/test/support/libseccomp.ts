import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { FilterRules, Operator } from '../../src/seccomp/filter-rules.ts';

const PROGRAM = join(import.meta.dirname, '../../../../libs/namespaces/native/build/seccomp/libseccomp');
const TOKENS = { x86_64: 0xc000003e, x86: 0x40000003, x32: 0x4000003e, aarch64: 0xc00000b7, arm: 0x40000028 };
/** enum scmp_compare */
const OPERATORS: readonly (Operator | null)[] = [
  ...[null, 'notEqual', 'less', 'lessOrEqual', 'equal', 'greaterOrEqual', 'greater', 'maskedEqual'],
] as const;

/** What libseccomp makes of each of the rules: arrays of struct sock_filter. */
export function compileWithLibseccomp(all: readonly FilterRules[]): Buffer[] {
  const { stdout, stderr, status } = spawnSync(PROGRAM, {
    input: all.map(describe).join(''),
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`libseccomp: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => Buffer.from(line, 'hex'));
}

function describe({ machine, architectures, defaultAction, rules }: FilterRules): string {
  // An SCMP_ACT_* has the number of its SECCOMP_RET_*.
  const others = [...architectures].filter((architecture) => architecture !== machine);
  const lines = rules.map(({ call, action, conditions }) => {
    const words = conditions.flatMap(({ argument, operator, mask, value }) => {
      const operands = operator === 'maskedEqual' ? [mask, value] : [value, 0n];
      return [argument, OPERATORS.indexOf(operator), ...operands].map(hexadecimal);
    });
    return ['rule', call, hexadecimal(action), ...words].join(' ');
  });
  return [
    `filter ${hexadecimal(defaultAction)}`,
    ...others.map((architecture) => `arch ${hexadecimal(TOKENS[architecture])}`),
    ...lines,
    'end\n',
  ].join('\n');
}

function hexadecimal(number: number | bigint): string {
  return number.toString(16);
}
