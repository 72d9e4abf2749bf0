import { CliError } from '../cli-error.ts';
import { readConfigFile } from '../config-file.ts';
import type { CommandContext } from '../context.ts';

/** Ctrl-P Ctrl-Q. */
const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

/** The keys of `--detach-keys`; absent or empty: those of the config file, or the default. */
export function detachKeys(context: Pick<CommandContext, 'env'>, option: string | undefined): Buffer {
  return parseDetachKeys(option || readConfigFile(context).detachKeys || DEFAULT_DETACH_KEYS);
}

/** Parses `ctrl-p,ctrl-q` or `a,b` to the bytes of the keys. */
export function parseDetachKeys(text: string): Buffer {
  return Buffer.from(
    text.split(',').map((key) => {
      const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
      if (control !== undefined) return control.toUpperCase().charCodeAt(0) - 0x40;
      if (key.length === 1 && key.charCodeAt(0) < 0x80) return key.charCodeAt(0);
      throw new CliError(`invalid detach keys (${text}): Unknown character: '${key}'`);
    }),
  );
}

/** What is left of the keys that were typed. */
export interface FilteredKeys {
  bytes: Buffer;
  /** The sequence is complete; what came after it is dropped. */
  detach: boolean;
}

/** Looks for the sequence in what is typed, also across chunks. Its beginning is held back until it is clear that it is none. */
export function createDetachFilter(keys: Buffer): (chunk: Buffer) => FilteredKeys {
  let matched = 0;
  return (chunk) => {
    if (keys.length === 0) return { bytes: chunk, detach: false };
    const out: Buffer[] = [];
    for (const byte of chunk) {
      if (byte !== keys[matched]) {
        out.push(keys.subarray(0, matched));
        matched = 0;
      }
      if (byte === keys[matched]) matched += 1;
      else out.push(Buffer.of(byte));
      if (matched === keys.length) return { bytes: Buffer.concat(out), detach: true };
    }
    return { bytes: Buffer.concat(out), detach: false };
  };
}
