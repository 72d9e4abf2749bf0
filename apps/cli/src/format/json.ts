/** A value that JSON can hold; keys keep the order in which they were set. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Go's json.Marshal: compact, `<`, `>`, `&` and line separators escaped. */
export function toGoJson(value: Json): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, escapeUnicode);
}

/** A JSON object with its keys sorted, as Go writes a map. */
export function sortKeys<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function escapeUnicode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
