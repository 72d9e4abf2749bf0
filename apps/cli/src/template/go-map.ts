const EMPTY = Symbol('what a map in Go has for a key that is not there');

/** Marks what is a map in Go, not a struct: a field that it does not have is no mistake, but `<no value>`, and `index` finds `empty` there. */
export function asGoMap<T extends object>(map: T, empty: '' | null): T {
  return Object.defineProperty(map, EMPTY, { value: empty });
}

export function isGoMap(value: object): boolean {
  return Object.hasOwn(value, EMPTY);
}

const STRUCT = Symbol('a struct without fields in Go');

/** Marks what prints as `{}`, not as the map of nothing that its JSON is. */
export function asGoStruct<T extends object>(value: T): T {
  return Object.defineProperty(value, STRUCT, { value: true });
}

export function isGoStruct(value: object): boolean {
  return Object.hasOwn(value, STRUCT);
}

/** What `index` finds where nothing is. */
export function emptyOf(value: object): '' | null | undefined {
  return (value as { [EMPTY]?: '' | null })[EMPTY];
}
