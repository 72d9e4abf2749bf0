// Help texts in docker's layout (https://github.com/docker/cli/blob/master/cli/cobra.go).
import type { Command } from './command.ts';
import { COMMANDS, COMMON, GROUPS, type CommandEntry, type CommandGroup } from './command-table.ts';
import { formatOptionLines } from './options/option-lines.ts';
import type { Options } from './options/option.ts';

/** The options before the command. */
export const GLOBAL_OPTIONS = {
  version: { kind: 'flag', short: 'v', help: 'Print version information and quit' },
} as const satisfies Options;

interface Row {
  name: string;
  summary: string;
}

/** The text of `berth --help`. */
export function rootHelp(width: number): string {
  const topLevel = COMMANDS.flatMap(({ paths, summary }) =>
    paths.filter((path) => !path.includes(' ')).map((name) => ({ name, summary })),
  );
  const common = COMMON.flatMap((name) => topLevel.filter((row) => row.name === name));
  const others = topLevel.filter(({ name }) => !COMMON.includes(name));
  return [
    'Usage:  berth [OPTIONS] COMMAND\n\nA container engine of small services\n',
    section('Common Commands', common),
    section('Management Commands', [...GROUPS]),
    section('Commands', sortByName(others)),
    `Global Options:\n${formatOptionLines(GLOBAL_OPTIONS, width)}`,
    "Run 'berth COMMAND --help' for more information on a command.\n",
  ].join('\n');
}

/** The text of `berth container --help`. */
export function groupHelp(group: CommandGroup): string {
  const rows = COMMANDS.flatMap(({ paths, summary }) =>
    paths
      .filter((path) => path.startsWith(`${group.name} `))
      .slice(0, 1)
      .map((path) => ({ name: path.slice(group.name.length + 1), summary })),
  );
  return [
    `Usage:  berth ${group.name} COMMAND\n\n${group.summary}\n`,
    section('Commands', sortByName(rows)),
    `Run 'berth ${group.name} COMMAND --help' for more information on a command.\n`,
  ].join('\n');
}

/** The text of `berth run --help`. */
export function commandHelp(path: string, entry: CommandEntry, command: Command, width: number): string {
  const blocks = [`Usage:  ${usageLine(path, command)}\n\n${entry.summary}\n`];
  if (entry.paths.length > 1) blocks.push(`Aliases:\n  ${entry.paths.map((alias) => `berth ${alias}`).join(', ')}\n`);
  const lines = formatOptionLines(command.options, width);
  if (lines !== '') blocks.push(`Options:\n${lines}`);
  return blocks.join('\n');
}

/** `berth rm [OPTIONS] CONTAINER [CONTAINER...]` */
export function usageLine(path: string, command: Command): string {
  return `berth ${path} ${command.usage}`;
}

function section(title: string, rows: Row[]): string {
  const width = Math.max(11, ...rows.map(({ name }) => name.length));
  return `${title}:\n${rows.map(({ name, summary }) => `  ${name.padEnd(width)} ${summary}\n`).join('')}`;
}

function sortByName(rows: Row[]): Row[] {
  return rows.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
