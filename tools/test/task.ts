/** Something to run that can fail. */
export interface Task {
  /** `lint`, `unit oci`, `integration image-service`: unique. */
  readonly name: string;
  /** A shell command. */
  readonly command: string;
  /** Where it runs, absolute. */
  readonly cwd: string;
  /** How its output tells what passed: a check counts as one test. */
  readonly kind: 'check' | 'jest' | 'tap';
}

/** What is counted in the end. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface TaskResult extends Counts {
  readonly task: Task;
  readonly durationMs: number;
  /** Both outputs, as they came. */
  readonly log: string;
  /** What failed, each in a few lines. */
  readonly failures: readonly string[];
}
