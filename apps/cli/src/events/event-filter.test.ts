import { expect, test } from '@jest/globals';
import type { Event } from '@berth/proto/event';
import { parseEventFilters } from './event-filter.ts';

const ID = 'ab12cd34ef56'.repeat(5) + 'abcd';
const IMAGE_ID = `sha256:${'7'.repeat(64)}`;

function container(verb: string, attributes: Record<string, string> = {}): Event {
  const named = { name: 'web-1', image: 'nginx:1.27', ...attributes };
  return { id: '', time: undefined, noun: 'container', verb, objectId: ID, attributes: named } as Event;
}

const START = container('start', { tier: 'front', stage: 'test' });
const HEALTHY = container('health_status: healthy');
const PULL = {
  ...START,
  noun: 'image',
  verb: 'pull',
  objectId: IMAGE_ID,
  attributes: { name: 'busybox:1.36' },
} as Event;

test.each<[string, Event, string[]]>([
  ['no filter', START, []],
  ['a name', START, ['container=web-1']],
  ['the beginning of a name', START, ['container=web']],
  ['the beginning of an id', START, ['container=ab12']],
  ['an event', START, ['event=start']],
  ['one of two events', START, ['event=die', 'event=start']],
  ['the bare name of an event with a detail', HEALTHY, ['event=health_status']],
  ['an event with its detail', HEALTHY, ['event=health_status: healthy']],
  ['a type', PULL, ['type=image']],
  ['an image with its tag', START, ['image=nginx:1.27']],
  ['an image without its tag', START, ['image=nginx']],
  ['the name of a pulled image', PULL, ['image=busybox']],
  ['the id of a pulled image', PULL, [`image=${IMAGE_ID}`]],
  ['the only scope', START, ['scope=local']],
  ['a label', START, ['label=tier']],
  ['a label and its value', START, ['label=tier=front', 'label=stage=test']],
  ['several keys', START, ['type=container', 'container=nobody', 'container=web', 'event=start']],
])('%s matches', (_, event, filters) => {
  expect(parseEventFilters(filters)(event)).toBe(true);
});

test.each<[string, Event, string[]]>([
  ['another event', START, ['event=die']],
  ['the beginning of an event without details', START, ['event=sta']],
  ['another detail', HEALTHY, ['event=health_status: unhealthy']],
  ['the end of a name', START, ['container=1']],
  ['a network of that name', START, ['network=web-1']],
  ['another image', START, ['image=ngin']],
  ['one key of two', START, ['event=start', 'type=image']],
  ['one label of two', START, ['label=tier=front', 'label=stage=live']],
  ['a swarm', START, ['scope=swarm']],
  ['a node', START, ['node=web-1']],
  ['a daemon', START, ['daemon=web-1']],
])('%s does not match', (_, event, filters) => {
  expect(parseEventFilters(filters)(event)).toBe(false);
});

test('a key that nobody knows is refused', () => {
  expect(() => parseEventFilters(['colour=red'])).toThrow("invalid filter 'colour'");
});
