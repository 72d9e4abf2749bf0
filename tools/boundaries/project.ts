/** The layers of the architecture, the tags of projects. */
export type Layer = 'foundation' | 'contract' | 'platform' | 'app' | 'test';

/** Which layers a layer may use (docs: ARCHITECTURE.md, "Layers"). */
export const MAY_USE: Record<Layer, readonly Layer[]> = {
  foundation: ['foundation'],
  contract: [],
  platform: ['foundation', 'contract', 'platform'],
  app: ['foundation', 'contract', 'platform'],
  test: ['foundation', 'contract', 'platform', 'test'],
};

/** A project with its sources. */
export interface Project {
  /** `@berth/oci` */
  readonly name: string;
  /** `libs/oci` */
  readonly dir: string;
  readonly layer: Layer;
  readonly files: readonly SourceFile[];
}

export interface SourceFile {
  /** Relative to the project: `src/main.ts`. */
  readonly path: string;
  /** What it imports, as written. */
  readonly imports: readonly string[];
}
