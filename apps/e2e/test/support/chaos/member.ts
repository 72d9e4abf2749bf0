/** When it is started again by itself: after every end but one that was asked for, or twice after an exit code that is not 0. */
export type Policy = 'no' | 'always' | 'on-failure';

/** How often `on-failure` starts it again. */
export const RETRIES = 2;

/** A container of the test, and what is known of it: what was asked for, and what the engine has said. */
export interface Member {
  readonly name: string;
  /** How many lines it prints before anything else. */
  readonly lines: number;
  /** With what it ends when it is let. */
  readonly exitCode: number;
  /** Stays until it gets a signal. */
  readonly lasting: boolean;
  readonly policy: Policy;
  /** Null as long as the engine has not told it. */
  id: string | null;
  /** The engine said that it runs. */
  startTold: boolean;
  /** Somebody may have ended it: a signal was asked for, or its keeper was killed. */
  disturbed: boolean;
  /** Its end was asked for. */
  endAsked: boolean;
  removalAsked: boolean;
  removalTold: boolean;
}

/** What a member runs. */
export function script({ lines, exitCode, lasting }: Member): string {
  const print = `i=0; while [ $i -lt ${lines} ]; do echo line $i; i=$((i+1)); done`;
  return lasting ? `trap 'exit ${exitCode}' TERM; ${print}; while :; do sleep 0.1; done` : `${print}; exit ${exitCode}`;
}

/** What a member prints when nothing happens to it. */
export function output({ lines }: Member): string {
  return Array.from({ length: lines }, (_, line) => `line ${line}\n`).join('');
}
