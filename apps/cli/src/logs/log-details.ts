import type { Container } from '@berth/proto/container';
import { CliError } from '../cli-error.ts';
import { sortKeys } from '../format/json.ts';
import { shortId } from '../format/text.ts';
import { escapeQuery } from '../template/escape.ts';
import { compileTemplate, TemplateError } from '../template/template.ts';

/**
 * What `logs --details` shows before each line: what the log options ask for of the labels and of the environment, and the tag, as
 * `name=value,name=value`. Throws a CliError for a tag or a pattern that cannot be understood.
 */
export function logDetails(container: Container): string {
  const { labels = '', env = '', tag = '', ...patterns } = container.config?.logConfig?.options ?? {};
  const variables = Object.fromEntries(container.environment.map(splitVariable));
  const details = {
    ...pick(container.labels, labels, patterns['labels-regex']),
    ...pick(variables, env, patterns['env-regex']),
    ...(tag === '' ? {} : { tag: expandTag(tag, container) }),
  };
  return Object.entries(sortKeys(details))
    .map(([name, value]) => `${escapeQuery(name)}=${escapeQuery(value)}`)
    .join(',');
}

function splitVariable(text: string): [name: string, value: string] {
  const [name = ''] = text.split('=', 1);
  return [name, text.slice(name.length + 1)];
}

/** The entries whose names are in a list with commas, or match a pattern. */
function pick(values: Readonly<Record<string, string>>, names: string, pattern = ''): Record<string, string> {
  const wanted = new Set(names.split(','));
  const matches = pattern === '' ? null : toRegExp(pattern);
  return Object.fromEntries(Object.entries(values).filter(([name]) => wanted.has(name) || matches?.test(name)));
}

function toRegExp(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    throw new CliError(`error parsing regexp: ${(error as Error).message}`);
  }
}

function expandTag(tag: string, { id, name, imageId, config, arguments: words }: Container): string {
  try {
    return compileTemplate(tag)({
      ID: shortId(id),
      FullID: id,
      Name: name,
      ImageID: shortId(imageId),
      ImageFullID: imageId,
      ImageName: config?.image ?? '',
      Command: words.join(' '),
      DaemonName: 'berth',
    });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new CliError(`template parsing error: ${error.message}`);
  }
}
