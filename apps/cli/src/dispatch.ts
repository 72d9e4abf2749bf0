// From arguments to an exit code: finds the command, parses its options, runs it, and says what went wrong the way docker does.
import { CliError, InterruptedError } from './cli-error.ts';
import type { ArgumentCount, Command } from './command.ts';
import { findCommand, GROUPS, type CommandEntry } from './command-table.ts';
import type { CommandContext } from './context.ts';
import { describeError } from './describe-error.ts';
import { OptionError, parseOptions } from './options/parse-options.ts';
import { VERSION } from './version.ts';

const USAGE_EXIT_CODE = 125;
const DEFAULT_WIDTH = 80;

/** Runs the command line. Never rejects for a failure of the command; the exit code is 0 to 255. */
export async function dispatch(context: CommandContext): Promise<number> {
  try {
    return await runRoot(context);
  } catch (error) {
    const { message, exitCode } = error instanceof InterruptedError ? error : describeError(error);
    if (message !== '') context.stderr.write(`${message}\n`);
    return exitCode;
  }
}

async function runRoot(context: CommandContext): Promise<number> {
  const { argv } = context;
  const [first] = argv;
  if (first === undefined) return showRootHelp(context);
  if (first.startsWith('-')) return runRootOption(context);
  if (first === 'help') return runHelp(context, argv.slice(1));
  const group = GROUPS.find(({ name }) => name === first);
  if (group) return runGroup(context, group.name);
  const entry = findCommand(first);
  if (!entry) throw new CliError(`berth: unknown command: berth ${first}\n\nRun 'berth --help' for more information`);
  return runCommand(withArguments(context, argv.slice(1)), first, entry);
}

async function runRootOption(context: CommandContext): Promise<number> {
  const { GLOBAL_OPTIONS } = await import('./help.ts');
  const { values, args, help } = catchUsage('berth', '[OPTIONS] COMMAND [ARG...]', () =>
    parseOptions(GLOBAL_OPTIONS, context.argv, false),
  );
  if (values.version) {
    context.stdout.write(`Berth version ${VERSION}\n`);
    return 0;
  }
  if (help || args.length === 0) return showRootHelp(context);
  return runRoot(withArguments(context, args));
}

async function showRootHelp(context: CommandContext): Promise<number> {
  const { rootHelp } = await import('./help.ts');
  context.stdout.write(rootHelp(helpWidth(context)));
  return 0;
}

async function runHelp(context: CommandContext, words: readonly string[]): Promise<number> {
  if (words.length === 0) return showRootHelp(context);
  const path = words.join(' ');
  if (!findCommand(path) && !GROUPS.some(({ name }) => name === path))
    throw new CliError(`unknown help topic: ${path}`);
  return runRoot(withArguments(context, [...words, '--help']));
}

async function runGroup(context: CommandContext, name: string): Promise<number> {
  const [, second, ...rest] = context.argv;
  const entry = second === undefined ? undefined : findCommand(`${name} ${second}`);
  if (entry) return runCommand(withArguments(context, rest), `${name} ${second}`, entry);
  if (second !== undefined && !second.startsWith('-')) {
    throw new CliError(
      `berth: unknown command: berth ${name} ${second}\n\nUsage:  berth ${name}\n\nRun 'berth ${name} --help' for more information`,
    );
  }
  const { help } = catchUsage(`berth ${name}`, '', () => parseOptions({}, context.argv.slice(1)));
  const { groupHelp } = await import('./help.ts');
  const group = GROUPS.find((candidate) => candidate.name === name);
  // Asked for, the help is what is wanted; otherwise it is a complaint.
  if (group) (help ? context.stdout : context.stderr).write(groupHelp(group));
  return 0;
}

async function runCommand(context: CommandContext, path: string, entry: CommandEntry): Promise<number> {
  const { command } = await entry.load();
  const parsed = catchUsage(`berth ${path}`, command.usage, () =>
    parseOptions(command.options, context.argv, command.interspersed ?? true),
  );
  if (parsed.help) {
    const { commandHelp } = await import('./help.ts');
    if (parsed.help === 'short') context.stdout.write('Flag shorthand -h has been deprecated, use --help\n');
    context.stdout.write(commandHelp(path, entry, command, helpWidth(context)));
    return 0;
  }
  checkArguments(path, command, parsed.args.length);
  return command.run(context, {
    options: parsed.values,
    given: parsed.given,
    args: parsed.args,
    path: `berth ${path}`,
  });
}

/** Not a copy: that would open stdin, which is a getter in main.ts. */
function withArguments(context: CommandContext, argv: readonly string[]): CommandContext {
  return Object.create(context, { argv: { value: argv } }) as CommandContext;
}

function catchUsage<T>(path: string, usage: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    const line = usage === '' ? path : `${path} ${usage}`;
    const text = `${error.message}\n\nUsage:  ${line}\n\nRun '${path} --help' for more information`;
    throw new CliError(text, USAGE_EXIT_CODE);
  }
}

function checkArguments(path: string, command: Command, count: number): void {
  const problem = argumentProblem(command.args, count);
  if (!problem) return;
  const { says, hint } = problem;
  throw new CliError(
    `berth: 'berth ${path}' ${says}\n\nUsage:  berth ${path} ${command.usage}\n\n${hint} 'berth ${path} --help' for more information`,
  );
}

function argumentProblem(expected: ArgumentCount, count: number): { says: string; hint: string } | undefined {
  if ('exactly' in expected) {
    if (count === expected.exactly) return undefined;
    const says = expected.exactly === 0 ? 'accepts no arguments' : `requires ${plural(expected.exactly)}`;
    return { says, hint: 'Run' };
  }
  if ('atLeast' in expected) {
    return count >= expected.atLeast
      ? undefined
      : { says: `requires at least ${plural(expected.atLeast)}`, hint: 'See' };
  }
  if ('between' in expected) {
    const [least, most] = expected.between;
    if (count >= least && count <= most) return undefined;
    return { says: `requires at least ${least} and at most ${plural(most)}`, hint: 'Run' };
  }
  // Docker 28 has a typo here, "SRun", that nobody relies on.
  return count <= expected.atMost ? undefined : { says: `requires at most ${plural(expected.atMost)}`, hint: 'Run' };
}

function plural(count: number): string {
  return count === 1 ? '1 argument' : `${count} arguments`;
}

/** Docker leaves the last column free. */
function helpWidth({ terminal }: CommandContext): number {
  return (terminal.size()?.columns || DEFAULT_WIDTH) - 1;
}
