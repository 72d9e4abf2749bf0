const GO_MAP = Symbol('a map in Go');

/** Marks what is a map in Go, not a struct: a field that it does not have is no mistake, but `<no value>`. */
export function asGoMap<T extends object>(map: T): T {
  return Object.defineProperty(map, GO_MAP, { value: true });
}

export function isGoMap(value: object): boolean {
  return Object.hasOwn(value, GO_MAP);
}
