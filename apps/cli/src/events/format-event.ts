import type { Event } from '@berth/proto/event';
import { formatLocalNano } from '../format/go-time.ts';
import { sortKeys, type Json } from '../format/json.ts';
import { asGoMap } from '../template/go-map.ts';

/** `2026-08-01T00:00:00.123456789Z container start <id> (image=busybox, name=web)` */
export function eventLine({ time, noun, verb, objectId, attributes }: Event): string {
  const shown = Object.entries(sortKeys(attributes)).map(([name, value]) => `${name}=${value}`);
  const suffix = shown.length > 0 ? ` (${shown.join(', ')})` : '';
  return `${time ? `${formatLocalNano(time)} ` : ''}${noun} ${verb} ${objectId}${suffix}`;
}

/** An event as Docker's API has it. `timeNano` is more than a JavaScript number can tell exactly, so it is put in as text. */
export function eventJson(event: Event): string {
  const json = JSON.stringify({ ...eventObject(event), timeNano: 0 });
  return json.replace(/0}$/, `${timeNano(event)}}`);
}

/** An event as the templates of Docker see it. */
export function eventObject({ time, noun, verb, objectId, attributes }: Event): Record<string, Json> {
  return {
    ...oldFields(noun, { status: verb, id: objectId, from: attributes.image ?? '' }),
    Type: noun,
    Action: verb,
    Actor: { ID: objectId, Attributes: sortKeys(attributes) },
    scope: 'local',
    time: Number(time?.seconds ?? 0n),
  };
}

/** What Go's names give that JSON's do not: `{{.ID}}`, `{{.Status}}`, `{{.TimeNano}}`. */
export function eventFields(event: Event): Record<string, Json> {
  const object = eventObject(event);
  return {
    ...object,
    Actor: { ID: event.objectId, Attributes: asGoMap(sortKeys(event.attributes), '') },
    Scope: 'local',
    Time: object.time ?? 0,
    TimeNano: timeNano(event),
    Status: object.status ?? '',
    ID: object.id ?? '',
    From: object.from ?? '',
  };
}

/** What events were before they had actors; scripts still read it. */
function oldFields(noun: string, { from, ...fields }: { status: string; id: string; from: string }) {
  if (noun === 'container') return from === '' ? fields : { ...fields, from };
  return noun === 'image' ? fields : {};
}

function timeNano({ time }: Event): string {
  return String((time?.seconds ?? 0n) * 1_000_000_000n + BigInt(time?.nanos ?? 0));
}
