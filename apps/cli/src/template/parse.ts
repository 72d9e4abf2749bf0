import { TemplateError, type Node, type Operand, type Pipeline } from './ast.ts';
import { lexTemplate, type Token } from './lex.ts';

const KEYWORDS = ['if', 'with', 'range', 'else', 'end', 'define', 'template', 'block', 'break', 'continue'];

/** Parses Go's template language as far as docker's --format is used with it. Throws TemplateError. */
export function parseTemplate(source: string): Node[] {
  const parser = createParser(lexTemplate(source));
  const { nodes, stop } = parser.nodes();
  if (stop !== undefined) throw new TemplateError(`template: :1: unexpected {{${stop}}}`);
  return nodes;
}

type Stop = 'end' | 'else' | undefined;

function createParser(tokens: Token[]) {
  let at = 0;

  function skipSpace(): Token | undefined {
    while (tokens[at]?.kind === 'space') at += 1;
    return tokens[at];
  }

  function expectClose(where: string): void {
    if (skipSpace()?.kind !== 'close') throw new TemplateError(`template: :1: unexpected token in ${where}`);
    at += 1;
  }

  function keyword(): string | undefined {
    const token = skipSpace();
    return token?.kind === 'word' && KEYWORDS.includes(token.word) ? token.word : undefined;
  }

  /** Nodes up to `{{end}}`, `{{else`, or the end of the template. */
  function nodes(): { nodes: Node[]; stop: Stop } {
    const parsed: Node[] = [];
    for (;;) {
      const token = tokens[at++];
      if (!token) return { nodes: parsed, stop: undefined };
      if (token.kind === 'text') {
        parsed.push(token);
        continue;
      }
      const word = keyword();
      if (word === 'end' || word === 'else') {
        at += 1;
        if (word === 'end') expectClose('end');
        return { nodes: parsed, stop: word };
      }
      if (word !== undefined) {
        at += 1;
        parsed.push(control(word));
        continue;
      }
      const piped = pipeline('command');
      expectClose('command');
      if (piped) parsed.push({ kind: 'output', pipeline: piped });
    }
  }

  function control(word: string): Node {
    if (word !== 'if' && word !== 'with' && word !== 'range') {
      throw new TemplateError(`template: :1: {{${word}}} is not supported here`);
    }
    const condition = pipeline(word);
    if (!condition) throw new TemplateError(`template: :1: missing value for ${word}`);
    expectClose(word);
    const { nodes: then, stop } = nodes();
    if (stop === undefined) throw new TemplateError('template: :1: unexpected EOF');
    return { kind: word, pipeline: condition, then, otherwise: stop === 'else' ? otherwise() : [] };
  }

  /** What follows `{{else`: a block up to its end, or a further control that shares it. */
  function otherwise(): Node[] {
    const word = keyword();
    if (word !== undefined) {
      at += 1;
      return [control(word)];
    }
    expectClose('else');
    const { nodes: parsed, stop } = nodes();
    if (stop !== 'end') throw new TemplateError(`template: :1: ${stop ? 'unexpected {{else}}' : 'unexpected EOF'}`);
    return parsed;
  }

  function pipeline(where: string): Pipeline | undefined {
    const { variables, declares } = declaration();
    const commands: Operand[][] = [];
    for (;;) {
      const operands = command();
      const next = skipSpace();
      if (operands.length === 0) {
        if (commands.length === 0 && variables.length === 0 && next?.kind === 'close' && where === 'command') {
          throw new TemplateError('template: :1: missing value for command');
        }
        if (commands.length > 0 || variables.length > 0)
          throw new TemplateError(`template: :1: missing value for ${where}`);
        return undefined;
      }
      commands.push(operands);
      if (next?.kind !== 'pipe') return { variables, declares, commands };
      at += 1;
    }
  }

  /** `$x :=`, `$x =` or `$i, $e :=`, if that is what comes. */
  function declaration(): { variables: string[]; declares: boolean } {
    const start = at;
    const variables: string[] = [];
    for (;;) {
      const token = skipSpace();
      if (token?.kind !== 'variable') break;
      variables.push(token.name);
      at += 1;
      const next = skipSpace();
      at += 1;
      if (next?.kind === 'assign') return { variables, declares: next.declares };
      if (next?.kind !== 'comma') break;
    }
    at = start;
    return { variables: [], declares: true };
  }

  function command(): Operand[] {
    const operands: Operand[] = [];
    for (;;) {
      skipSpace();
      const operand = simpleOperand();
      if (!operand) return operands;
      operands.push(fields(operand));
    }
  }

  /** Fields that follow without a space: `$x.Name`, `(f).Name`. */
  function fields(operand: Operand): Operand {
    let result = operand;
    for (let token = tokens[at]; token?.kind === 'field'; token = tokens[++at]) {
      result = { kind: 'field', of: result, name: token.name, position: token.position };
    }
    return result;
  }

  function simpleOperand(): Operand | undefined {
    const token = tokens[at];
    switch (token?.kind) {
      case 'string':
      case 'number':
        at += 1;
        return { kind: 'literal', value: token.value };
      case 'dot':
        at += 1;
        return { kind: 'dot' };
      case 'field':
        return { kind: 'dot' };
      case 'variable':
        at += 1;
        return { kind: 'variable', name: token.name };
      case 'word':
        at += 1;
        return wordOperand(token);
      case 'paren-open': {
        at += 1;
        const inner = pipeline('parenthesized pipeline');
        if (!inner || skipSpace()?.kind !== 'paren-close') throw new TemplateError('template: :1: unclosed left paren');
        at += 1;
        return { kind: 'pipeline', pipeline: inner };
      }
      default:
        return undefined;
    }
  }

  return { nodes };
}

function wordOperand(token: Token & { kind: 'word' }): Operand {
  if (token.word === 'true' || token.word === 'false') return { kind: 'literal', value: token.word === 'true' };
  if (token.word === 'nil') return { kind: 'literal', value: null };
  return { kind: 'function', name: token.word, position: token.position };
}
