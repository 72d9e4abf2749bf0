import { readFileSync } from 'node:fs';
import { ContainerStatus, type Container } from '@berth/proto/container';
import { waitFor } from '@berth/testkit';
import type { ContainerClient } from './actions.ts';
import { isAlive } from './disaster.ts';
import { output, RETRIES, type Member } from './member.ts';

const ON_THE_WAY: readonly ContainerStatus[] = [
  ContainerStatus.STARTING,
  ContainerStatus.REMOVING,
  ContainerStatus.RESTARTING,
];
const KILLED = 137;
const TERMINATED = 143;

/** Compares what the engine tells with what it has said before, and with the host. Returns what is wrong. */
export async function examine(client: ContainerClient, members: readonly Member[]): Promise<string[]> {
  const containers = await settled(client);
  const byName = new Map(containers.map((container) => [container.name, container]));
  const strangers = containers.filter(({ name }) => !members.some((member) => member.name === name));
  const problems = strangers.map(({ name }) => `nobody asked for ${name}`);
  for (const member of members) {
    const container = byName.get(member.name);
    if (container === undefined) {
      if (member.id !== null && !member.removalAsked) problems.push(`${member.name} is lost`);
    } else {
      const found = await examineOne(client, member, container);
      problems.push(...found.map((problem) => `${member.name} (${container.id.slice(0, 12)}) ${problem}`));
    }
  }
  return problems;
}

async function settled(client: ContainerClient): Promise<Container[]> {
  return waitFor(
    async () => {
      const { containers } = await client.listContainers({ all: true });
      return containers.some(({ status }) => ON_THE_WAY.includes(status)) ? null : containers;
    },
    { what: 'the recovery', timeoutMs: 20_000 },
  );
}

async function examineOne(client: ContainerClient, member: Member, container: Container): Promise<string[]> {
  if (member.removalTold) return ['was removed, and is there'];
  if (member.id !== null && member.id !== container.id) return [`had the id ${member.id}`];
  member.id = container.id;
  const { status } = container;
  if (status === ContainerStatus.CREATED) return member.startTold ? ['was started, and is as created'] : [];
  if (status === ContainerStatus.EXITED) return examineExited(client, member, container);
  return isInControlGroup(container) ? [] : examineEnding(client, member);
}

/** Between the answer and the look at its process, it may have ended, and been started again. */
async function examineEnding(client: ContainerClient, member: Member): Promise<string[]> {
  const goesOn = async () => {
    const { container } = await client.getContainer({ container: member.name });
    if (container === undefined) return null;
    return container.status === ContainerStatus.EXITED || isInControlGroup(container) ? container : null;
  };
  const container = await waitFor(goesOn, { what: 'the exit', timeoutMs: 5000 }).catch(() => null);
  if (container === null) return ['is said to run, and has no process'];
  return container.status === ContainerStatus.EXITED ? examineExited(client, member, container) : [];
}

async function examineExited(client: ContainerClient, member: Member, container: Container): Promise<string[]> {
  const { exitCode } = container;
  if (member.policy === 'always' && !member.endAsked)
    return [`has ended (${container.error}), and is to be started again`];
  const codes = member.disturbed ? [member.exitCode, KILLED, TERMINATED] : member.lasting ? [] : [member.exitCode];
  const problems: string[] = [];
  if (!codes.includes(exitCode)) {
    problems.push(`exited with ${exitCode} (${container.error}), not with ${codes.join(' or ') || 'any code'}`);
  }
  if (container.pid !== 0 && isInControlGroup(container)) problems.push('has exited, and its process lives');
  if (!member.disturbed && !member.lasting) {
    const { restartCount } = container;
    const wanted = member.policy === 'no' ? 0 : RETRIES;
    if (restartCount !== wanted) problems.push(`was started again ${restartCount} times, not ${wanted}`);
    const log = await readLog(client, member.name);
    const whole = output(member).repeat(1 + wanted);
    if (log !== whole) problems.push(`has a log of ${log.length} bytes, not ${whole.length}`);
  }
  return problems;
}

async function readLog(client: ContainerClient, container: string): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const { entries } of client.readLogs({ container, follow: false, tail: undefined })) {
    pieces.push(...entries.map(({ data }) => data));
  }
  return Buffer.concat(pieces).toString();
}

function isInControlGroup({ id, pid }: Container): boolean {
  try {
    return isAlive(pid) && readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id);
  } catch {
    return false;
  }
}
