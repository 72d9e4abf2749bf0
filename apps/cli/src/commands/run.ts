import { isBerthError } from '@berth/errors';
import type { ContainerConfig, RunContainerRequest } from '@berth/proto/container';
import { detachKeys } from '../attach/detach-keys.ts';
import { runSession, type OnCreated, type SessionCall } from '../attach/session.ts';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { openCidfile } from '../container/cidfile.ts';
import { attachedStreams, containerConfig, CREATE_OPTIONS, type AttachedStreams } from '../container/create-options.ts';
import { requireTerminal } from '../container/require-terminal.ts';
import { checkPullPolicy, withImage } from '../container/with-image.ts';
import type { CommandContext } from '../context.ts';
import { startExitCode } from '../container/start-exit-code.ts';
import { describeError } from '../describe-error.ts';
import { connectContainers, type Containers } from '../engine/containers.ts';
import { shortId } from '../format/text.ts';
import type { Options, OptionValues } from '../options/option.ts';

const OPTIONS = {
  ...CREATE_OPTIONS,
  detach: { kind: 'flag', short: 'd', help: 'Run container in background and print container ID' },
  'detach-keys': { kind: 'string', help: 'Override the key sequence for detaching a container' },
  'sig-proxy': { kind: 'flag', help: 'Proxy received signals to the process', initially: true },
} as const satisfies Options;

type RunOptions = OptionValues<typeof OPTIONS>;

/** What no command of a container should exit with: the engine failed. */
const ENGINE_FAILED = 125;

export const command = defineCommand({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  args: { atLeast: 1 },
  interspersed: false,
  options: OPTIONS,
  async run(context, { options, args, path }) {
    const attached = attachedStreams(options);
    checkConflicts(context, options, attached);
    try {
      return await runContainer(context, options, attached, args);
    } catch (error) {
      throw explain(error, path);
    }
  },
});

function checkConflicts(context: CommandContext, options: RunOptions, attached: AttachedStreams): void {
  if (options.detach && options.attach.length > 0) {
    throw new CliError('conflicting options: cannot specify both --attach and --detach');
  }
  if (!options.detach) requireTerminal(context, attached.stdin && options.tty);
}

async function runContainer(
  context: CommandContext,
  options: RunOptions,
  ...[attached, args]: [AttachedStreams, readonly string[]]
): Promise<number> {
  checkPullPolicy(options.pull);
  const streams = options.detach ? { stdin: false, stdout: false, stderr: false } : attached;
  const config = containerConfig(context, options, args, streams);
  using cidfile = openCidfile(options.cidfile, context.cwd);
  using containers = connectContainers(context);
  const call = runCall(context, containers, config, options);
  let created: string | undefined;
  const kill = (number: number) =>
    containers.client.killContainer({ container: created ?? '', signal: String(number) });
  const session = {
    terminal: options.tty && !options.detach,
    ...streams,
    sendSignal: !options.detach && options['sig-proxy'] ? kill : null,
    detachKeys: detachKeys(context, options['detach-keys']),
  };
  const onCreated: OnCreated = ({ id, warnings }) => {
    created = id;
    cidfile.write(id);
    for (const warning of warnings) context.stderr.write(`WARNING: ${warning}\n`);
    if (!streams.stdout && !streams.stderr) context.stdout.write(`${id}\n`);
  };
  const act = () => runSession(context, session, call, onCreated);
  const end = await withImage(context, config.image, options, act).catch((error: unknown) => {
    throw created === undefined ? error : explainLoss(error, created);
  });
  return end.kind === 'exited' ? end.exitCode : 0;
}

/** The engine may go and come back while a container runs, but a client loses it. */
function explainLoss(error: unknown, id: string): unknown {
  if (!isBerthError(error, 'SERVICE_UNAVAILABLE')) return error;
  const hint = `the container may run on: see 'berth ps -a' and 'berth attach ${shortId(id)}'`;
  return new CliError(`${describeError(error).message}; ${hint}`);
}

function runCall(
  { terminal }: CommandContext,
  { client }: Containers,
  ...[config, options]: [ContainerConfig, RunOptions]
): SessionCall {
  const start = {
    name: options.name ?? '',
    config,
    detach: options.detach,
    terminalSize: options.tty ? (terminal.size() ?? undefined) : undefined,
  };
  return (inputs, signal) => {
    async function* requests(): AsyncGenerator<RunContainerRequest> {
      yield { request: { $case: 'start', value: start } };
      for await (const input of inputs) yield { request: { $case: 'input', value: input } };
    }
    return client.runContainer(requests(), { signal });
  };
}

/** `docker: <text>`, a hint, and an exit code. */
function explain(error: unknown, path: string): unknown {
  const { message } = describeError(error);
  const exitCode = startExitCode(error) ?? ENGINE_FAILED;
  return new CliError(`berth: ${message}\n\nRun '${path} --help' for more information`, exitCode);
}
