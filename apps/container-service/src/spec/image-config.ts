import { BerthError } from '@berth/errors';
import type { Healthcheck } from '@berth/oci';
import { z } from 'zod';
import type { Container } from '../container.ts';
import type { ImageDefaults } from './specify-container.ts';

// Docker's names: https://github.com/opencontainers/image-spec/blob/main/config.md
const strings = z.array(z.string()).nullish();
const set = z.record(z.string(), z.unknown()).nullish();

const healthcheckSchema = z.object({
  Test: strings,
  Interval: z.number().nullish(),
  Timeout: z.number().nullish(),
  StartPeriod: z.number().nullish(),
  StartInterval: z.number().nullish(),
  Retries: z.number().nullish(),
});

const imageConfigSchema = z.looseObject({
  User: z.string().nullish(),
  Env: strings,
  Entrypoint: strings,
  Cmd: strings,
  WorkingDir: z.string().nullish(),
  Volumes: set,
  Labels: z.record(z.string(), z.string()).nullish(),
  ExposedPorts: set,
  StopSignal: z.string().nullish(),
  Healthcheck: healthcheckSchema.nullish(),
});

/** An OCI image config's `config` object; what else it says is kept. */
export type ImageConfigDocument = z.infer<typeof imageConfigSchema>;

/** Parses what a client sends; empty is `{}`. Throws INVALID_ARGUMENT. */
export function parseImageConfigDocument(bytes: Uint8Array): ImageConfigDocument {
  try {
    return bytes.length === 0 ? {} : imageConfigSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    throw new BerthError('INVALID_ARGUMENT', "the image's config is not valid", { cause: error });
  }
}

/** What an image says that makes such containers as this one. */
export function imageConfigOf(container: Container, image: ImageDefaults): ImageConfigDocument {
  const { config } = container;
  const anonymous = config.mounts.filter(({ type, source }) => type === 'volume' && source === '');
  return {
    User: container.user,
    Env: container.environment.filter((pair) => pair.includes('=')),
    Entrypoint: orNull(container.arguments.slice(0, container.entrypointCount)),
    Cmd: orNull(container.arguments.slice(container.entrypointCount)),
    WorkingDir: config.workingDirectory || image.workingDir,
    Volumes: toSet([...image.volumes, ...anonymous.map(({ target }) => target)]),
    Labels: container.labels,
    ExposedPorts: toSet(container.exposedPorts),
    StopSignal: config.stopSignal || image.stopSignal,
    Healthcheck: image.healthcheck === null ? null : toHealthcheck(image.healthcheck),
  };
}

/**
 * What a user wants over what a container has, as Docker's commit merges it
 * (https://github.com/moby/moby/blob/v28.5.2/daemon/commit.go): an entrypoint of the user's own sets the command aside.
 */
export function mergeImageConfig(user: ImageConfigDocument, base: ImageConfigDocument): ImageConfigDocument {
  const hasEntrypoint = isFilled(user.Entrypoint);
  const merged: ImageConfigDocument = {
    ...user,
    User: user.User || base.User,
    Env: mergeEnv(user.Env ?? [], base.Env ?? []),
    Entrypoint: user.Entrypoint ?? base.Entrypoint,
    Cmd: hasEntrypoint ? user.Cmd : (user.Cmd ?? base.Cmd),
    WorkingDir: user.WorkingDir || base.WorkingDir,
    Volumes: { ...base.Volumes, ...user.Volumes },
    Labels: { ...base.Labels, ...user.Labels },
    ExposedPorts: { ...base.ExposedPorts, ...user.ExposedPorts },
    StopSignal: user.StopSignal || base.StopSignal,
    Healthcheck: mergeHealthcheck(user.Healthcheck, base.Healthcheck),
  };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => !isNothing(value)));
}

function mergeEnv(user: readonly string[], base: readonly string[]): string[] {
  const nameOf = (pair: string): string => pair.split('=', 1)[0] as string;
  const names = new Set(user.map(nameOf));
  return [...user, ...base.filter((pair) => !names.has(nameOf(pair)))];
}

function mergeHealthcheck(
  user: ImageConfigDocument['Healthcheck'],
  base: ImageConfigDocument['Healthcheck'],
): ImageConfigDocument['Healthcheck'] {
  if (!user || !base) return user ?? base;
  const own = Object.entries(user).filter(([, value]) => !isNothing(value));
  return { ...base, ...Object.fromEntries(own) };
}

function toHealthcheck(check: Healthcheck): NonNullable<ImageConfigDocument['Healthcheck']> {
  const { test, intervalNs, timeoutNs, startPeriodNs, startIntervalNs, retries } = check;
  const all = {
    Test: [...test],
    Interval: intervalNs,
    Timeout: timeoutNs,
    StartPeriod: startPeriodNs,
    StartInterval: startIntervalNs,
    Retries: retries,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => !isNothing(value)));
}

function toSet(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

function orNull(list: readonly string[]): string[] | null {
  return list.length === 0 ? null : [...list];
}

function isFilled(list: readonly string[] | null | undefined): boolean {
  return list !== null && list !== undefined && list.length > 0;
}

/** What Go's encoder leaves out. */
function isNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === 0) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
