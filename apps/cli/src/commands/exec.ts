import { isBerthError } from '@berth/errors';
import type { ExecContainerRequest } from '@berth/proto/container';
import { detachKeys } from '../attach/detach-keys.ts';
import { runSession } from '../attach/session.ts';
import { CliError } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { checkEnvironment, collectEnvironment } from '../container/environment.ts';
import { requireTerminal } from '../container/require-terminal.ts';
import { startExitCode } from '../container/start-exit-code.ts';
import { describeError } from '../describe-error.ts';
import { connectContainers } from '../engine/containers.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  args: { atLeast: 2 },
  interspersed: false,
  options: {
    detach: { kind: 'flag', short: 'd', help: 'Detached mode: run command in the background' },
    'detach-keys': { kind: 'string', help: 'Override the key sequence for detaching a container' },
    env: { kind: 'list', short: 'e', help: 'Set environment variables', check: checkEnvironment },
    'env-file': { kind: 'list', help: 'Read in a file of environment variables' },
    interactive: { kind: 'flag', short: 'i', help: 'Keep STDIN open even if not attached' },
    privileged: { kind: 'flag', help: 'Give extended privileges to the command' },
    tty: { kind: 'flag', short: 't', help: 'Allocate a pseudo-TTY' },
    user: { kind: 'string', short: 'u', help: 'Username or UID (format: "<name|uid>[:<group|gid>]")' },
    workdir: { kind: 'string', short: 'w', help: 'Working directory inside the container' },
  },
  async run(context, { options, args: [container = '', ...words] }) {
    const environment = collectEnvironment(context, options['env-file'], options.env);
    using containers = connectContainers(context);
    const stdin = options.interactive && !options.detach;
    if (stdin && options.tty && !context.terminal.stdin) {
      // A container that is not there is the more interesting mistake.
      await containers.client.getContainer({ container });
      requireTerminal(context, true);
    }
    const start = {
      container,
      command: words,
      environment,
      workingDirectory: options.workdir ?? '',
      user: options.user ?? '',
      terminal: options.tty,
      terminalSize: options.tty ? (context.terminal.size() ?? undefined) : undefined,
      openStdin: stdin,
      detach: options.detach,
      privileged: options.privileged,
    };
    const session = {
      terminal: options.tty && !options.detach,
      stdin,
      sendSignal: null,
      detachKeys: detachKeys(context, options['detach-keys']),
    };
    try {
      const end = await runSession(context, session, (inputs, signal) => {
        async function* requests(): AsyncGenerator<ExecContainerRequest> {
          yield { request: { $case: 'start', value: start } };
          for await (const input of inputs) yield { request: { $case: 'input', value: input } };
        }
        return containers.client.execContainer(requests(), { signal });
      });
      return end.kind === 'exited' ? end.exitCode : 0;
    } catch (error) {
      throw explain(error);
    }
  },
});

/** What was asked for cannot be had in this container: 126, where it has no code of its own. */
function explain(error: unknown): unknown {
  const exitCode = startExitCode(error) ?? (isBerthError(error, 'START_FAILED', 'USER_INVALID') ? 126 : null);
  return exitCode === null ? error : new CliError(describeError(error).message, exitCode);
}
