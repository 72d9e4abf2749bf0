import { expect, test } from '@jest/globals';
import { compileTemplate } from '../template/template.ts';
import { eventFields, eventObject } from './format-event.ts';

test.each([
  ['container', { image: 'busybox' }, { status: 'start', id: 'x', from: 'busybox' }],
  ['container', {}, { status: 'start', id: 'x' }],
  ['image', {}, { status: 'start', id: 'x' }],
  ['network', {}, {}],
])('an event of a %s with %j has the fields of before there were actors', (noun, attributes, old) => {
  expect(eventObject(anEvent(noun, attributes))).toEqual({
    ...old,
    Type: noun,
    Action: 'start',
    Actor: { ID: 'x', Attributes: attributes },
    scope: 'local',
    time: 1,
  });
});

test('an attribute that an event does not have has no value', () => {
  const template = compileTemplate('{{.Actor.Attributes.name}} {{.Actor.Attributes.image}}');
  expect(template(eventFields(anEvent('volume', { name: 'v' })))).toBe('v <no value>');
});

function anEvent(noun: string, attributes: Record<string, string>): Parameters<typeof eventObject>[0] {
  return { id: 'e', time: { seconds: 1n, nanos: 2 }, noun, verb: 'start', objectId: 'x', attributes };
}
