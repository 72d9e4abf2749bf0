import { randomBytes } from 'node:crypto';
import { BerthError } from '@berth/errors';

/** A volume: a directory of the host that outlives the containers which mount it. */
export interface Volume {
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** True when the engine made up its name. */
  readonly anonymous: boolean;
  /** The volume of which it is a snapshot; null: of none. */
  readonly snapshotOf: string | null;
  /** Unix time in milliseconds. */
  readonly createTimeMs: number;
}

/** What Docker marks the volumes with whose names it made up; tools look for it. */
export const ANONYMOUS_LABEL = 'com.docker.volume.anonymous';

const NAME_PATTERN = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
/** NAME_MAX of Linux's file systems: the name is a directory's. */
const NAME_MAX_BYTES = 255;

/** Throws VOLUME_NAME_INVALID, in Docker's words, when a name is not one. */
export function checkVolumeName(name: string): void {
  if (name.length === 1) {
    throw nameError(name, 'volume name is too short, names should be at least two alphanumeric characters');
  }
  if (name.length > NAME_MAX_BYTES) {
    throw nameError(name, `volume name is too long, names can have at most ${NAME_MAX_BYTES} characters`);
  }
  if (!NAME_PATTERN.test(name)) {
    throw nameError(
      name,
      `${JSON.stringify(name)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are ` +
        'allowed. If you intended to pass a host directory, use absolute path',
    );
  }
}

function nameError(name: string, problem: string): BerthError {
  return new BerthError('VOLUME_NAME_INVALID', `create ${name}: ${problem}`);
}

/** A name for an anonymous volume: 64 hexadecimal digits. */
export function generateVolumeName(): string {
  return randomBytes(32).toString('hex');
}
