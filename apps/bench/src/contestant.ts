/** One way to do a thing, which is measured beside the others. */
export interface Contestant {
  /** As the table names it. */
  readonly name: string;
  /** Does it once and tells how many milliseconds it took; what is not of the thing itself is not counted. */
  measure(): Promise<number>;
}

/** A contestant that cannot take part here. */
export interface Absentee {
  readonly name: string;
  /** Why, and what would help. */
  readonly reason: string;
}

/** Who takes part and who does not. */
export interface Field {
  readonly contestants: readonly Contestant[];
  readonly absentees: readonly Absentee[];
}

export function joinFields(fields: readonly Field[]): Field {
  return {
    contestants: fields.flatMap((field) => field.contestants),
    absentees: fields.flatMap((field) => field.absentees),
  };
}

/** A field of contestants that are always there. */
export function present(contestants: readonly Contestant[]): Field {
  return { contestants, absentees: [] };
}

/** A thing done in three parts of which only the middle one counts. */
export interface Staged<Thing> {
  readonly name: string;
  prepare(): Promise<Thing>;
  run(thing: Thing): Promise<unknown>;
  undo(thing: Thing): Promise<unknown>;
}

export function staged<Thing>({ name, prepare, run, undo }: Staged<Thing>): Contestant {
  return {
    name,
    async measure() {
      const thing = await prepare();
      try {
        const start = performance.now();
        await run(thing);
        return performance.now() - start;
      } finally {
        await undo(thing);
      }
    },
  };
}
