import { isBerthError } from '@berth/errors';
import {
  ContainerConfig,
  type ContainerServiceDefinition,
  ExecContainerStart,
  type ExecContainerRequest,
  type ProcessExit,
  type RunContainerRequest,
} from '@berth/proto/container';
import type { ServiceConnection } from '@berth/client';
import { script, type Member } from './member.ts';
import type { Random } from './random.ts';

export type ContainerClient = ServiceConnection<typeof ContainerServiceDefinition>['client'];

/** What an action needs. `complain` takes what should never be, whatever is killed meanwhile. */
export interface ActionContext {
  readonly client: ContainerClient;
  readonly random: Random;
  readonly members: Member[];
  complain(problem: string): void;
}

const EXEC_EXIT_CODE = 9;

/** Does something that a user would do. It may fail when something is killed meanwhile: the engine's state tells then. */
export async function act(context: ActionContext): Promise<void> {
  const { random, members } = context;
  const candidates = members.filter(({ id, removalAsked }) => id !== null && !removalAsked);
  const doing =
    candidates.length === 0 || random.chance(0.4)
      ? create(context)
      : random.pick([exec, exec, wait, pause, stop, kill, remove])(context, random.pick(candidates));
  await doing.catch((error: unknown) => {
    if (isBerthError(error) && error.kind !== 'internal') return;
    context.complain(`an action failed with ${String(error)}`);
  });
}

async function create({ client, random, members }: ActionContext): Promise<void> {
  const member: Member = {
    name: `member-${members.length}`,
    lines: 1 + random.below(200),
    exitCode: 1 + random.below(100),
    lasting: random.chance(0.5),
    id: null,
    startTold: false,
    disturbed: false,
    removalAsked: false,
    removalTold: false,
  };
  members.push(member);
  const portBindings = [{ containerPort: '80/tcp' }];
  const config = ContainerConfig.fromPartial({ image: 'busybox', command: ['sh', '-c', script(member)], portBindings });
  const start = { name: member.name, config, terminalSize: undefined, detach: true };
  for await (const { event } of client.runContainer(
    once<RunContainerRequest>({ request: { $case: 'start', value: start } }),
  )) {
    if (event?.$case === 'created') member.id = event.value.id;
    if (event?.$case === 'started') member.startTold = true;
  }
}

async function exec({ client, complain }: ActionContext, member: Member): Promise<void> {
  const start = ExecContainerStart.fromPartial({
    container: member.name,
    command: ['sh', '-c', `echo from exec; exit ${EXEC_EXIT_CODE}`],
  });
  const { text, exit } = await runExec(client, start);
  if (exit === null || member.disturbed || !member.lasting) return;
  if (exit.exitCode !== EXEC_EXIT_CODE || text !== 'from exec\n') {
    complain(`an exec in ${member.name} ended with ${exit.exitCode} and said ${JSON.stringify(text)}`);
  }
}

/** What an exec writes, and how it ends; null when that is not known. */
export async function runExec(
  client: ContainerClient,
  start: ExecContainerStart,
): Promise<{ text: string; exit: ProcessExit | null }> {
  let text = '';
  let exit: ProcessExit | null = null;
  const request = once<ExecContainerRequest>({ request: { $case: 'start', value: start } });
  for await (const { event } of client.execContainer(request)) {
    if (event?.$case === 'output' && event.value.output?.$case === 'stdout')
      text += event.value.output.value.toString();
    if (event?.$case === 'exited') exit = event.value;
  }
  return { text, exit };
}

async function wait({ client, complain }: ActionContext, member: Member): Promise<void> {
  // One whose start failed has never run, and may be waited for.
  if (member.lasting || !member.startTold) return;
  const { exit } = await client.waitContainer({ container: member.name });
  if (!member.disturbed && exit?.exitCode !== member.exitCode) {
    complain(`wait said of ${member.name} ${exit?.exitCode}, not ${member.exitCode}`);
  }
}

async function pause({ client }: ActionContext, member: Member): Promise<void> {
  await client.pauseContainer({ container: member.name });
  await client.unpauseContainer({ container: member.name });
}

async function stop({ client }: ActionContext, member: Member): Promise<void> {
  member.disturbed = true;
  await client.stopContainer({ container: member.name, timeoutSeconds: 1, signal: '' });
}

async function kill({ client }: ActionContext, member: Member): Promise<void> {
  member.disturbed = true;
  await client.killContainer({ container: member.name, signal: 'KILL' });
}

async function remove({ client }: ActionContext, member: Member): Promise<void> {
  member.disturbed = true;
  member.removalAsked = true;
  await client.deleteContainer({ container: member.name, force: true, volumes: true });
  member.removalTold = true;
}

// A stream of requests is an async iterable.
export async function* once<T>(item: T): AsyncGenerator<T> {
  yield item;
}
