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
import { RETRIES, script, type Member } from './member.ts';
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
/** A client that goes away does so within this time. */
const LONGEST_STAY_MS = 60;

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

/** At times two ask for it by the same name, with or without ports, and stay or go away in the midst. */
async function create(context: ActionContext): Promise<void> {
  const { random, members, complain } = context;
  const lasting = random.chance(0.5);
  const member: Member = {
    name: `member-${members.length}`,
    lines: 1 + random.below(200),
    exitCode: 1 + random.below(100),
    lasting,
    policy: random.chance(0.6) ? 'no' : lasting ? 'always' : 'on-failure',
    id: null,
    startTold: false,
    disturbed: false,
    endAsked: false,
    removalAsked: false,
    removalTold: false,
  };
  members.push(member);
  const config = ContainerConfig.fromPartial({
    image: 'busybox',
    command: ['sh', '-c', script(member)],
    portBindings: random.chance(0.5) ? [{ containerPort: '80/tcp' }] : [],
    restartPolicy: { name: member.policy, maximumRetryCount: member.policy === 'on-failure' ? RETRIES : 0 },
    healthCheck: random.chance(0.3) ? { test: ['CMD', 'true'], intervalNanos: 50_000_000n } : undefined,
  });
  const rivals = Array.from({ length: random.chance(0.15) ? 2 : 1 }, () => run(context, member, config));
  const results = await Promise.allSettled(rivals);
  const ids = new Set(results.flatMap((result) => (result.status === 'fulfilled' && result.value) || []));
  if (ids.size > 1) complain(`${member.name} is the name of ${[...ids].join(' and ')}`);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Returns the id that it was told. */
async function run({ client, random }: ActionContext, member: Member, config: ContainerConfig): Promise<string | null> {
  const leaving = random.chance(0.3) ? AbortSignal.timeout(random.below(LONGEST_STAY_MS)) : undefined;
  const detach = leaving === undefined && random.chance(0.5);
  const start = { name: member.name, config, terminalSize: undefined, detach };
  const request = once<RunContainerRequest>({ request: { $case: 'start', value: start } });
  let id: string | null = null;
  try {
    for await (const { event } of client.runContainer(request, leaving ? { signal: leaving } : {})) {
      if (event?.$case === 'created') member.id = id = event.value.id;
      if (event?.$case === 'started') member.startTold = true;
      // Nobody stays for one that lasts.
      if (event?.$case === 'started' && member.lasting) break;
    }
  } catch (error) {
    if (leaving?.aborted !== true) throw error;
  }
  return id;
}

async function exec({ client, complain, random }: ActionContext, member: Member): Promise<void> {
  const start = ExecContainerStart.fromPartial({
    container: member.name,
    command: ['sh', '-c', `echo from exec; exit ${EXEC_EXIT_CODE}`],
  });
  const leaving = random.chance(0.3) ? AbortSignal.timeout(random.below(LONGEST_STAY_MS)) : undefined;
  const { text, exit } = await runExec(client, start, leaving);
  if (exit === null || member.disturbed || !member.lasting) return;
  if (exit.exitCode !== EXEC_EXIT_CODE || text !== 'from exec\n') {
    complain(`an exec in ${member.name} ended with ${exit.exitCode} and said ${JSON.stringify(text)}`);
  }
}

/** What an exec writes, and how it ends; null when that is not known, since the client has left by then. */
export async function runExec(
  client: ContainerClient,
  start: ExecContainerStart,
  leaving?: AbortSignal,
): Promise<{ text: string; exit: ProcessExit | null }> {
  let text = '';
  let exit: ProcessExit | null = null;
  const request = once<ExecContainerRequest>({ request: { $case: 'start', value: start } });
  try {
    for await (const { event } of client.execContainer(request, leaving ? { signal: leaving } : {})) {
      if (event?.$case === 'output' && event.value.output?.$case === 'stdout')
        text += event.value.output.value.toString();
      if (event?.$case === 'exited') exit = event.value;
    }
  } catch (error) {
    if (leaving?.aborted !== true) throw error;
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
  member.endAsked = true;
  await client.stopContainer({ container: member.name, timeoutSeconds: 1, signal: '' });
}

async function kill({ client }: ActionContext, member: Member): Promise<void> {
  member.disturbed = true;
  member.endAsked = true;
  await client.killContainer({ container: member.name, signal: 'KILL' });
}

async function remove({ client }: ActionContext, member: Member): Promise<void> {
  member.disturbed = true;
  member.endAsked = true;
  member.removalAsked = true;
  await client.deleteContainer({ container: member.name, force: true, volumes: true });
  member.removalTold = true;
}

// A stream of requests is an async iterable.
export async function* once<T>(item: T): AsyncGenerator<T> {
  yield item;
}
