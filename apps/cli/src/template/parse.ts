import { TemplateError, type Node, type Operand, type ParsedTemplate, type Pipeline } from './ast.ts';
import { lexTemplate, type Token } from './lex.ts';

const KEYWORDS = ['if', 'with', 'range', 'else', 'end', 'define', 'template', 'block', 'break', 'continue'];

/** Parses Go's template language (https://pkg.go.dev/text/template). Throws TemplateError. */
export function parseTemplate(source: string): ParsedTemplate {
  const defined = new Map<string, Node[]>();
  const parser = createParser(lexTemplate(source), defined);
  const { nodes, stop } = parser.nodes();
  if (stop !== undefined) throw new TemplateError(`template: :1: unexpected {{${stop}}}`);
  return { nodes, defined };
}

type Stop = 'end' | 'else' | undefined;

function createParser(tokens: Token[], defined: Map<string, Node[]>) {
  let at = 0;
  let rangeDepth = 0;
  let blockDepth = 0;

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
        parsed.push(...action(word));
        continue;
      }
      const piped = pipeline('command');
      expectClose('command');
      if (piped) parsed.push({ kind: 'output', pipeline: piped });
    }
  }

  /** What a keyword begins; a definition is no part of the text around it. */
  function action(word: string): Node[] {
    switch (word) {
      case 'define':
        define();
        return [];
      case 'template': {
        const name = templateName(word);
        const argument = pipeline('template clause');
        expectClose('template clause');
        return [{ kind: 'template', name, pipeline: argument }];
      }
      case 'block': {
        const name = templateName('block clause');
        const argument = pipeline('block clause');
        if (!argument) throw new TemplateError('template: :1: missing value for block clause');
        expectClose('block clause');
        defined.set(name, body());
        return [{ kind: 'template', name, pipeline: argument }];
      }
      case 'break':
      case 'continue':
        if (rangeDepth === 0) throw new TemplateError(`template: :1: {{${word}}} outside {{range}}`);
        expectClose(`{{${word}}}`);
        return [{ kind: word }];
      default:
        return [control(word)];
    }
  }

  function define(): void {
    if (blockDepth > 0) throw new TemplateError('template: :1: unexpected {{define}}');
    const name = templateName('define clause');
    expectClose('define clause');
    defined.set(name, body());
  }

  function templateName(where: string): string {
    const token = skipSpace();
    if (token?.kind !== 'string') throw new TemplateError(`template: :1: unexpected token in ${where}`);
    at += 1;
    return token.value;
  }

  /** The nodes up to the end of a definition, which knows nothing of the loop around it. */
  function body(): Node[] {
    const outer = rangeDepth;
    rangeDepth = 0;
    blockDepth += 1;
    const { nodes: parsed, stop } = nodes();
    blockDepth -= 1;
    rangeDepth = outer;
    if (stop !== 'end') throw new TemplateError(`template: :1: ${stop ? 'unexpected {{else}}' : 'unexpected EOF'}`);
    return parsed;
  }

  function control(word: string): Node {
    if (word !== 'if' && word !== 'with' && word !== 'range') {
      throw new TemplateError(`template: :1: unexpected {{${word}}}`);
    }
    const condition = pipeline(word);
    if (!condition) throw new TemplateError(`template: :1: missing value for ${word}`);
    expectClose(word);
    rangeDepth += word === 'range' ? 1 : 0;
    blockDepth += 1;
    const { nodes: then, stop } = nodes();
    rangeDepth -= word === 'range' ? 1 : 0;
    if (stop === undefined) throw new TemplateError('template: :1: unexpected EOF');
    const parsed: Node = { kind: word, pipeline: condition, then, otherwise: stop === 'else' ? otherwise() : [] };
    blockDepth -= 1;
    return parsed;
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
