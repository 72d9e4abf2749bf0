import { BerthError } from '@berth/errors';
import type { StagedData, VolumeDirectories, VolumeFiles, VolumeStore } from './ports.ts';
import { checkVolumeName, generateVolumeName, type Volume } from './volume.ts';
import type { VolumeView, Volumes } from './volumes.ts';

/** What working on data needs. */
export interface VolumeDataDeps {
  readonly volumes: Pick<Volumes, 'get' | 'adopt'>;
  readonly store: Pick<VolumeStore, 'get' | 'tell'>;
  readonly directories: Pick<VolumeDirectories, 'stage' | 'replace' | 'replaceContents'>;
  readonly files: VolumeFiles;
  readonly nowMs: () => number;
}

/** What a volume is copied to. */
export interface CopyRequest {
  readonly name: string;
  /** Empty: made of the volume's name and the time for a snapshot, else generated. */
  readonly newName: string;
  readonly snapshot: boolean;
}

/**
 * Whole volumes: copied, restored, sent and received. All throw VOLUME_NOT_FOUND, VOLUME_MOUNTED when the data is not in a directory of the
 * engine, DISK_FULL, CANCELLED. What is made is made aside and takes its place in one step.
 */
export interface VolumeData {
  /** Throws VOLUME_NAME_INVALID, VOLUME_EXISTS, LAYER_INVALID too. */
  copy(request: CopyRequest, signal: AbortSignal): Promise<VolumeView>;
  /** Under containers it exchanges, if it is forced, what is in the directory. Throws VOLUME_IN_USE too. */
  restore(name: string, snapshot: string, options: { force: boolean; signal: AbortSignal }): Promise<void>;
  archive(name: string, signal: AbortSignal): AsyncGenerator<Uint8Array>;
  /** Into a volume that is there, or a new one. Throws VOLUME_NAME_INVALID, LAYER_INVALID, LAYER_LIMIT too. */
  extract(name: string, data: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<VolumeView>;
}

export function createVolumeData({ volumes, store, directories, files, nowMs }: VolumeDataDeps): VolumeData {
  /** Where the data of a volume is. */
  function dataOf(name: string): VolumeView {
    const volume = volumes.get(name);
    if (volume.mount === null) return volume;
    const what = `its data is on ${volume.mount.device}, which only its containers mount`;
    throw new BerthError('VOLUME_MOUNTED', `${name}: ${what}: work on it in a container`);
  }

  async function inStage<Result>(limitBytes: number, run: (staged: StagedData) => Promise<Result>): Promise<Result> {
    const staged = await directories.stage(limitBytes);
    try {
      return await run(staged);
    } finally {
      await staged.discard();
    }
  }

  function expectFree(name: string): void {
    checkVolumeName(name);
    if (store.get(name) !== null) throw new BerthError('VOLUME_EXISTS', `create: volume name ${name} already exists`);
  }

  function nameOfCopy({ name, newName, snapshot }: CopyRequest): string {
    if (newName !== '') return newName;
    if (!snapshot) return generateVolumeName();
    return `${name}-${new Date(nowMs()).toISOString().replaceAll(/[-:]/g, '').replace('.', '-')}`;
  }

  return {
    async copy(request, signal) {
      const source = dataOf(request.name);
      const name = nameOfCopy(request);
      expectFree(name);
      const volume: Volume = {
        name,
        driver: source.driver,
        labels: source.anonymous ? {} : source.labels,
        options: source.options,
        anonymous: false,
        snapshotOf: request.snapshot ? source.name : null,
        createTimeMs: nowMs(),
      };
      return await inStage(source.limitBytes, async (staged) => {
        await files.copy(source.mountpoint, staged.path, signal);
        return volumes.adopt(volume, staged);
      });
    },

    async restore(name, snapshot, { force, signal }) {
      const { limitBytes } = dataOf(name);
      const source = dataOf(snapshot);
      await inStage(limitBytes, async (staged) => {
        await files.copy(source.mountpoint, staged.path, signal);
        // Looked at when nothing waits any more: it may have come into use, or have gone.
        const { containerIds, driver } = dataOf(name);
        const isUsed = containerIds.length > 0;
        // Files do not move between directories with limits.
        if (isUsed && (!force || limitBytes > 0)) {
          throw new BerthError('VOLUME_IN_USE', `restore ${name}: volume is in use - [${containerIds.join(', ')}]`);
        }
        const done = isUsed ? directories.replaceContents(name, staged) : directories.replace(name, staged);
        store.tell({ verb: 'restore', volume: name, attributes: { driver, snapshot } });
        await done;
      });
    },

    async *archive(name, signal) {
      yield* files.archive(dataOf(name).mountpoint, signal);
    },

    async extract(name, data, signal) {
      checkVolumeName(name);
      if (store.get(name) !== null) {
        const volume = dataOf(name);
        await files.extract(volume.mountpoint, data, signal);
        return volumes.get(name);
      }
      return await inStage(0, async (staged) => {
        await files.extract(staged.path, data, signal);
        const fields = { driver: 'local', labels: {}, options: {}, anonymous: false, snapshotOf: null };
        return volumes.adopt({ name, ...fields, createTimeMs: nowMs() }, staged);
      });
    },
  };
}
