import { connectNats, readEvents, readNatsEndpoint } from '@berth/client';
import { waitFor, type TestEngine } from '@berth/testkit';

/** Verbs of each container's events, in their order; an event that came twice counts once. */
export type Stories = ReadonlyMap<string, readonly string[]>;

/** Waits until the end of each of these containers was told, and returns what is told of all since then. */
export async function readStories(engine: TestEngine, since: Date, ids: readonly string[]): Promise<Stories> {
  let stories: Stories = new Map();
  const isWhole = async () => {
    stories = await readOnce(engine, since);
    return ids.every((id) => stories.get(id)?.includes('destroy'));
  };
  await waitFor(isWhole, { what: 'the events', timeoutMs: 20_000 }).catch(() => undefined);
  return stories;
}

async function readOnce({ paths }: TestEngine, since: Date): Promise<Stories> {
  const connection = await connectNats(readNatsEndpoint(paths.natsFile));
  const stories = new Map<string, string[]>();
  const seen = new Set<string>();
  try {
    for await (const { event } of readEvents(connection, { since, until: new Date() })) {
      if (event.noun !== 'container' || seen.has(event.id)) continue;
      seen.add(event.id);
      stories.set(event.objectId, [...(stories.get(event.objectId) ?? []), event.verb]);
    }
  } finally {
    await connection.close();
  }
  return stories;
}

/** What does not fit in a story that is over: each state once, in order. */
export function examineStories(stories: Stories, ids: readonly string[]): string[] {
  const all = new Set([...ids, ...stories.keys()]);
  return [...all].flatMap((id) => {
    const verbs = stories.get(id) ?? [];
    const states = verbs.filter((verb) => /^(create|start|die|destroy)$/.test(verb)).join(' ');
    const execs = (verb: string): number => verbs.filter((each) => each === verb).length;
    const isWhole = /^create( start die)* destroy$/.test(states) && execs('exec_start') === execs('exec_die');
    return isWhole ? [] : [`the events of ${id.slice(0, 12)} are: ${verbs.join(' ')}`];
  });
}
