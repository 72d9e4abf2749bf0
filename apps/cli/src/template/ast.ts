/** Where something stands, for error messages: `1:7` is the eighth character of the first line. */
export type Position = string;

/** A piece of a template. */
export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'output'; pipeline: Pipeline }
  | { kind: 'if' | 'with'; pipeline: Pipeline; then: Node[]; otherwise: Node[] }
  | { kind: 'range'; pipeline: Pipeline; then: Node[]; otherwise: Node[] }
  | { kind: 'break' | 'continue' }
  | { kind: 'template'; name: string; pipeline: Pipeline | undefined };

/** A template, and those that it defines by name. */
export interface ParsedTemplate {
  nodes: Node[];
  defined: ReadonlyMap<string, Node[]>;
}

/** `$a, $b := command | command` */
export interface Pipeline {
  variables: string[];
  /** True for `:=`, false for `=`. */
  declares: boolean;
  commands: Operand[][];
}

/** An argument of a command, or its function. */
export type Operand =
  | { kind: 'literal'; value: string | number | boolean | null }
  | { kind: 'dot' }
  | { kind: 'variable'; name: string }
  | { kind: 'function'; name: string; position: Position }
  | { kind: 'pipeline'; pipeline: Pipeline }
  | { kind: 'field'; of: Operand; name: string; position: Position };

/** A mistake in a template, or one that shows when it is executed. The message is Go's, without its prefix. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}
