import { connectNats, readEvents, readNatsEndpoint } from '@berth/client';
import { waitFor, type TestEngine } from '@berth/testkit';

/** What is told of each network, in order: `create`, `connect <container>` … */
type Stories = ReadonlyMap<string, readonly string[]>;

/** Waits until the end of each network was told. Returns what does not fit: each guest comes and goes in turn, between the two. */
export async function examineNetworkStories(engine: TestEngine, since: Date): Promise<string[]> {
  let problems: string[] = [];
  const isRight = async () => {
    problems = [...(await readStories(engine, since))].flatMap(([id, story]) => examineStory(id, story));
    return problems.length === 0;
  };
  await waitFor(isRight, { what: 'the events', timeoutMs: 20_000 }).catch(() => undefined);
  return problems;
}

async function readStories({ paths }: TestEngine, since: Date): Promise<Stories> {
  const connection = await connectNats(readNatsEndpoint(paths.natsFile));
  const stories = new Map<string, string[]>();
  const seen = new Set<string>();
  try {
    for await (const { event } of readEvents(connection, { since, until: new Date() })) {
      const { noun, verb, objectId, attributes } = event;
      if (noun !== 'network' || verb === 'prune' || attributes.name === 'bridge' || seen.has(event.id)) continue;
      seen.add(event.id);
      const told = attributes.container === undefined ? verb : `${verb} ${attributes.container.slice(0, 12)}`;
      stories.set(objectId, [...(stories.get(objectId) ?? []), told]);
    }
  } finally {
    await connection.close();
  }
  return stories;
}

function examineStory(id: string, story: readonly string[]): string[] {
  const here = new Set<string>();
  const isRight = story.every((told, index) => {
    const [verb = '', guest = ''] = told.split(' ');
    if (verb === 'connect') return !here.has(guest) && here.add(guest);
    if (verb === 'disconnect') return here.delete(guest);
    return index === (verb === 'create' ? 0 : story.length - 1);
  });
  const isWhole = isRight && here.size === 0 && story[0] === 'create' && story.at(-1) === 'destroy';
  return isWhole ? [] : [`the events of network ${id.slice(0, 12)} are: ${story.join(', ')}`];
}
