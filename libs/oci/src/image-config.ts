import { BerthError } from '@berth/errors';
import { z } from 'zod';
import { isDigest } from './digest.ts';
import { parseJson } from './parse-json.ts';
import { normalizePlatform, type Platform } from './platform.ts';

/** What an image says about itself (https://github.com/opencontainers/image-spec/blob/main/config.md, with Docker's additions). */
export interface ImageConfig {
  readonly platform: Platform;
  /** RFC 3339, as written; null when absent. */
  readonly created: string | null;
  readonly author: string;
  readonly config: ContainerDefaults;
  /** Digests of the uncompressed layers, lowest first. */
  readonly diffIds: readonly string[];
  readonly history: readonly HistoryEntry[];
}

/** What a container of the image gets unless the user says otherwise. Nothing is null: absent is empty. */
export interface ContainerDefaults {
  readonly user: string;
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir: string;
  /** Absolute paths. */
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `80/tcp`. */
  readonly exposedPorts: readonly string[];
  /** `SIGTERM`, `15`; empty for the default. */
  readonly stopSignal: string;
  /** Null when the image says nothing. */
  readonly stopTimeoutSeconds: number | null;
  readonly shell: readonly string[];
  readonly onBuild: readonly string[];
  readonly healthcheck: Healthcheck | null;
}

/** How to ask a container whether it is well. Times in nanoseconds, 0 for the default. */
export interface Healthcheck {
  /** `['NONE']`, `['CMD', …]`, `['CMD-SHELL', command]`; empty: inherit. */
  readonly test: readonly string[];
  readonly intervalNs: number;
  readonly timeoutNs: number;
  readonly startPeriodNs: number;
  readonly startIntervalNs: number;
  readonly retries: number;
}

/** One step of the making of an image. */
export interface HistoryEntry {
  readonly created: string | null;
  readonly createdBy: string;
  readonly author: string;
  readonly comment: string;
  /** True when the step made no layer. */
  readonly emptyLayer: boolean;
}

/** The most bytes an image config may have: 4 MiB. */
export const IMAGE_CONFIG_MAX_BYTES = 4 * 1024 * 1024;

const MAX_ITEMS = 10_000;
const MAX_LAYERS = 1000;
const MAX_TEXT = 1024 * 1024;

// Go's encoders write null for what is empty, and Docker reads it so.
const text = z
  .string()
  .max(MAX_TEXT)
  .nullish()
  .transform((value) => value ?? '');
const texts = z
  .array(z.string().max(MAX_TEXT))
  .max(MAX_ITEMS)
  .nullish()
  .transform((value) => value ?? []);
// Docker accepts a bare string where a command is a list.
const command = z.union([
  texts,
  z
    .string()
    .max(MAX_TEXT)
    .transform((value) => [value]),
]);
const set = z
  .record(z.string().max(4096), z.unknown())
  .nullish()
  .transform((value) => Object.keys(value ?? {}));
const labels = z
  .record(z.string().max(MAX_TEXT), z.string().max(MAX_TEXT))
  .nullish()
  .transform((value) => value ?? {});
const count = z
  .number()
  .int()
  .nonnegative()
  .nullish()
  .transform((value) => value ?? 0);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const created = z
  .string()
  .max(64)
  .nullish()
  .transform((value) => value || null);

const healthcheckSchema = z
  .object({ Test: command, Interval: count, Timeout: count, StartPeriod: count, StartInterval: count, Retries: count })
  .transform((value) => ({
    test: value.Test,
    intervalNs: value.Interval,
    timeoutNs: value.Timeout,
    startPeriodNs: value.StartPeriod,
    startIntervalNs: value.StartInterval,
    retries: value.Retries,
  }));

const defaultsSchema = z
  .object({
    User: text,
    Env: texts,
    Entrypoint: command,
    Cmd: command,
    WorkingDir: text,
    Volumes: set,
    Labels: labels,
    ExposedPorts: set,
    StopSignal: text,
    StopTimeout: z.number().int().nullish(),
    Shell: texts,
    OnBuild: texts,
    Healthcheck: healthcheckSchema.nullish(),
  })
  .transform((value): ContainerDefaults => ({
    user: value.User,
    env: value.Env,
    entrypoint: value.Entrypoint,
    cmd: value.Cmd,
    workingDir: value.WorkingDir,
    volumes: value.Volumes,
    labels: value.Labels,
    exposedPorts: value.ExposedPorts,
    stopSignal: value.StopSignal,
    stopTimeoutSeconds: value.StopTimeout ?? null,
    shell: value.Shell,
    onBuild: value.OnBuild,
    healthcheck: value.Healthcheck ?? null,
  }));

const historySchema = z
  .object({ created, created_by: text, author: text, comment: text, empty_layer: flag })
  .transform((value): HistoryEntry => ({
    created: value.created,
    createdBy: value.created_by,
    author: value.author,
    comment: value.comment,
    emptyLayer: value.empty_layer,
  }));

const imageConfigSchema = z
  .object({
    architecture: z.string().min(1).max(64),
    os: z.string().min(1).max(64),
    variant: z.string().max(64).nullish(),
    created,
    author: text,
    config: defaultsSchema.nullish(),
    rootfs: z.object({
      type: z.literal('layers'),
      diff_ids: z.array(z.string().refine(isDigest, 'not a digest')).max(MAX_LAYERS).nullish(),
    }),
    history: z.array(historySchema).max(MAX_ITEMS).nullish(),
  })
  .transform((value): ImageConfig => ({
    platform: normalizePlatform({ os: value.os, architecture: value.architecture, variant: value.variant || null }),
    created: value.created,
    author: value.author,
    config: value.config ?? defaultsSchema.parse({}),
    diffIds: value.rootfs.diff_ids ?? [],
    history: value.history ?? [],
  }));

/** Parses an image config as hostile input. Throws IMAGE_CONFIG_INVALID. */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  if (bytes.byteLength > IMAGE_CONFIG_MAX_BYTES) {
    throw new BerthError('IMAGE_CONFIG_INVALID', `image config is invalid: more than ${IMAGE_CONFIG_MAX_BYTES} bytes`);
  }
  return parseJson(bytes, imageConfigSchema, { reason: 'IMAGE_CONFIG_INVALID', what: 'image config' });
}
