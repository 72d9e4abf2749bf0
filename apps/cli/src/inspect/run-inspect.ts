// What all forms of `inspect` share: several names, a JSON list or a template for each, and what went wrong at the end.
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../context.ts';
import { describeError } from '../describe-error.ts';
import type { Json } from '../format/json.ts';
import { unescape } from '../format/rows.ts';
import { addGoFields } from './go-fields.ts';
import { compileTemplate, TemplateError, type Template } from '../template/template.ts';

/** Finds an object by a name that the user gave. */
export type FindObject = (name: string) => Promise<Record<string, Json>>;

/** Prints the objects that are found, then fails with the texts about those that are not. */
export async function runInspect(
  { stdout }: CommandContext,
  names: readonly string[],
  ...[format, find]: [string | undefined, FindObject]
): Promise<number> {
  const render = format ? compile(format) : undefined;
  const objects: Record<string, Json>[] = [];
  const failures: string[] = [];
  for (const name of names) {
    try {
      objects.push(await find(name));
    } catch (error) {
      failures.push(describeError(error).message);
    }
  }
  if (!render) stdout.write(`${objects.length === 0 ? '[]' : JSON.stringify(objects, null, 4)}\n`);
  else if (objects.length === 0) stdout.write('\n');
  else
    for (const object of objects) {
      stdout.write(`${execute(render, object, addGoFields(structuredClone(object)))}\n`);
    }
  if (failures.length > 0) throw new CliError(failures.join('\n'));
  return 0;
}

/** Renders one object, as `version` and `info` do. */
export function renderObject(format: string, object: Record<string, Json>): string {
  return execute(compile(format), object);
}

const BAD_FORMAT = 64;

function compile(format: string): Template {
  try {
    return compileTemplate(format === 'json' ? '{{json .}}' : unescape(format));
  } catch (error) {
    if (error instanceof TemplateError) throw new CliError(`template parsing error: ${error.message}`, BAD_FORMAT);
    throw error;
  }
}

/** Renders what a template sees of an object: its JSON, or more. */
function execute(render: Template, object: Record<string, Json>, seen = object): string {
  try {
    return render(seen);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
  }
  // As in Docker, a complaint is about the JSON.
  try {
    return render(object);
  } catch (error) {
    if (error instanceof TemplateError) throw new CliError(`template parsing error: ${error.message}`);
    throw error;
  }
}
