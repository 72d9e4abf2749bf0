import { TemplateError, type Node, type Operand, type Pipeline } from './ast.ts';
import { formatValue } from './format-value.ts';
import { isGoMap } from './go-map.ts';
import { FUNCTIONS, isTrue, type TemplateFunction, type Value } from './functions.ts';
import { parseTemplate } from './parse.ts';

export { TemplateError } from './ast.ts';

/** Renders one value. */
export type Template = (value: Value) => string;

export interface TemplateOptions {
  /** Go's name of the value's type, for the text about a field that it does not have; absent: it is a map. */
  typeName?: string;
  /** These take the place of those of the same names. */
  functions?: Readonly<Record<string, TemplateFunction>>;
}

/**
 * Compiles a Go template (https://pkg.go.dev/text/template) with docker's functions. Throws TemplateError, and so does the template when it
 * is used.
 */
export function compileTemplate(source: string, options: TemplateOptions = {}): Template {
  const { nodes, defined } = parseTemplate(source);
  for (const each of [nodes, ...defined.values()]) checkFunctions(each);
  return (value) => {
    const scope: Scope = { variables: new Map([['$', value]]), options, defined, depth: 0 };
    const out: string[] = [];
    render(nodes, value, scope, out);
    return out.join('');
  };
}

interface Scope {
  variables: Map<string, Value>;
  options: TemplateOptions;
  defined: ReadonlyMap<string, Node[]>;
  /** How many templates call each other. */
  depth: number;
}

/** Why the nodes after one are left out. */
type Jump = 'break' | 'continue' | undefined;

const MAX_DEPTH = 1000;

function render(nodes: Node[], dot: Value, ...[scope, out]: [Scope, string[]]): Jump {
  for (const node of nodes) {
    const jump = renderNode(node, dot, scope, out);
    if (jump !== undefined) return jump;
  }
  return undefined;
}

function renderNode(node: Node, dot: Value, ...[scope, out]: [Scope, string[]]): Jump {
  switch (node.kind) {
    case 'text':
      out.push(node.text);
      return undefined;
    case 'output': {
      const value = evaluate(node.pipeline, dot, scope);
      if (node.pipeline.variables.length === 0) out.push(formatValue(value));
      return undefined;
    }
    case 'range':
      return renderRange(node, dot, scope, out);
    case 'if':
    case 'with': {
      const inner = childScope(scope);
      const value = evaluate(node.pipeline, dot, inner);
      if (!isTrue(value)) return render(node.otherwise, dot, inner, out);
      return render(node.then, node.kind === 'with' ? value : dot, inner, out);
    }
    case 'break':
    case 'continue':
      return node.kind;
    case 'template':
      renderDefined(node, dot, scope, out);
      return undefined;
  }
}

/** A defined template sees its argument alone, also as `$`. */
function renderDefined(
  { name, pipeline }: Node & { kind: 'template' },
  dot: Value,
  ...[scope, out]: [Scope, string[]]
): void {
  const nodes = scope.defined.get(name);
  if (nodes === undefined) throw new TemplateError(`template: :1: template ${JSON.stringify(name)} not defined`);
  if (scope.depth >= MAX_DEPTH) {
    throw new TemplateError(`template: :1: exceeded maximum template depth (${MAX_DEPTH})`);
  }
  const value = pipeline === undefined ? undefined : evaluate(pipeline, dot, childScope(scope));
  render(nodes, value, { ...scope, variables: new Map([['$', value]]), depth: scope.depth + 1 }, out);
}

function renderRange(node: Node & { kind: 'range' }, dot: Value, ...[scope, out]: [Scope, string[]]): Jump {
  const { pipeline, then, otherwise } = node;
  const entries = rangeEntries(evaluate({ ...pipeline, variables: [] }, dot, scope));
  if (entries.length === 0) return render(otherwise, dot, scope, out);
  for (const [key, value] of entries) {
    const inner = childScope(scope);
    const [first, second] = pipeline.variables;
    if (second !== undefined) inner.variables.set(second, value);
    if (first !== undefined) inner.variables.set(first, second === undefined ? value : key);
    if (render(then, value, inner, out) === 'break') break;
  }
  return undefined;
}

/** Keys and values, those of a map by key. */
function rangeEntries(value: Value): [Value, Value][] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.map((entry, index) => [index, entry as Value]);
  if (typeof value === 'object') return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  throw new TemplateError(`range can't iterate over ${formatValue(value)}`);
}

function childScope(scope: Scope): Scope {
  return { ...scope, variables: new Map(scope.variables) };
}

function evaluate(pipeline: Pipeline, dot: Value, scope: Scope): Value {
  let value: Value;
  pipeline.commands.forEach((operands, index) => {
    value = call(operands, index === 0 ? [] : [value], dot, scope);
  });
  for (const name of pipeline.variables) scope.variables.set(name, value);
  return value;
}

function call(operands: Operand[], piped: Value[], ...[dot, scope]: [Value, Scope]): Value {
  const [head, ...rest] = operands;
  if (!head) return undefined;
  const args = () => [...rest.map((operand) => resolve(operand, dot, scope)), ...piped];
  if (head.kind === 'function') return functionOf(head.name, scope)?.(...args());
  const value = resolve(head, dot, scope);
  if (typeof value === 'function') return (value as (...args: Value[]) => Value)(...args());
  if (rest.length + piped.length > 0) throw new TemplateError(`can't give argument to non-function ${describe(head)}`);
  return value;
}

function functionOf(name: string, { options }: Scope): TemplateFunction | undefined {
  return options.functions?.[name] ?? FUNCTIONS[name];
}

function resolve(operand: Operand, dot: Value, scope: Scope): Value {
  switch (operand.kind) {
    case 'literal':
      return operand.value;
    case 'dot':
      return dot;
    case 'variable': {
      if (!scope.variables.has(operand.name)) throw new TemplateError(`undefined variable "${operand.name}"`);
      return scope.variables.get(operand.name);
    }
    case 'function':
      return functionOf(operand.name, scope)?.();
    case 'pipeline':
      return evaluate(operand.pipeline, dot, childScope(scope));
    case 'field':
      return field(operand, resolve(operand.of, dot, scope), scope.options);
  }
}

function field(operand: Operand & { kind: 'field' }, of: Value, { typeName }: TemplateOptions): Value {
  if (of !== null && typeof of === 'object') {
    if (Object.hasOwn(of, operand.name)) return (of as Record<string, Value>)[operand.name];
    if (isGoMap(of)) return undefined;
  }
  const where = `template: :${operand.position}: executing "" at <${describe(operand)}>`;
  if (typeName !== undefined)
    throw new TemplateError(`${where}: can't evaluate field ${operand.name} in type ${typeName}`);
  if (of === null || of === undefined)
    throw new TemplateError(`${where}: nil data; no entry for key "${operand.name}"`);
  if (typeof of !== 'object')
    throw new TemplateError(`${where}: can't evaluate field ${operand.name} in type ${typeof of}`);
  throw new TemplateError(`${where}: map has no entry for key "${operand.name}"`);
}

function describe(operand: Operand): string {
  switch (operand.kind) {
    case 'dot':
      return '.';
    case 'variable':
    case 'function':
      return operand.name;
    case 'literal':
      return JSON.stringify(operand.value);
    case 'pipeline':
      return '(…)';
    case 'field':
      return operand.of.kind === 'dot' ? `.${operand.name}` : `${describe(operand.of)}.${operand.name}`;
  }
}

/** Go tells of an unknown function when it parses. */
function checkFunctions(nodes: Node[]): void {
  for (const node of nodes) {
    if ('pipeline' in node && node.pipeline !== undefined) checkPipeline(node.pipeline);
    if ('then' in node) checkFunctions([...node.then, ...node.otherwise]);
  }
}

function checkPipeline(pipeline: Pipeline): void {
  for (const operand of pipeline.commands.flat()) checkOperand(operand);
}

function checkOperand(operand: Operand): void {
  if (operand.kind === 'pipeline') checkPipeline(operand.pipeline);
  if (operand.kind === 'field') checkOperand(operand.of);
  if (operand.kind !== 'function' || Object.hasOwn(FUNCTIONS, operand.name)) return;
  const line = operand.position.split(':')[0];
  throw new TemplateError(`template: :${line}: function "${operand.name}" not defined`);
}
