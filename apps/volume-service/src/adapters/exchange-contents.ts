import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';

/** The new contents, whole, while the old ones go out. */
const INCOMING = '_incoming';
/** The new contents while they come in: the old ones are out. */
const ENTERING = '_entering';
/** The old contents. */
const OUTGOING = '_outgoing';
/** How often a name is tried that programs make anew meanwhile. */
const MOVE_ATTEMPTS = 1000;

/** Gives a volume's directory the new contents that `finishExchange` is to put into its data. From here on they are the volume's. */
export function beginExchange(dir: string, contents: string): void {
  renameSync(contents, join(dir, INCOMING));
}

/**
 * Exchanges what is in the directory `data` of a volume, which is mounted and stays the same one. Can be repeated wherever a crash has ended it. What was
 * in it goes to `trash`, which does not exist yet. Returns false when there is nothing to exchange.
 */
export function finishExchange(dir: string, data: string, trash: string): boolean {
  const [incoming, entering, outgoing] = [INCOMING, ENTERING, OUTGOING].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  if (existsSync(incoming)) {
    mkdirSync(outgoing, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(data)) moveOut(join(data, name), outgoing);
    renameSync(incoming, entering);
  }
  if (existsSync(entering)) {
    for (const name of readdirSync(entering)) {
      moveIn(join(entering, name), join(data, name), outgoing);
    }
    copyAttributes(entering, data);
    rmdirSync(entering);
  }
  if (!existsSync(outgoing)) return false;
  renameSync(outgoing, trash);
  return true;
}

/** Programs may make one of this name again and again; what cannot be replaced goes out. */
function moveIn(path: string, target: string, outgoing: string): void {
  for (let attempt = 1; ; attempt++) {
    moveOut(target, outgoing);
    try {
      renameSync(path, target);
      return;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EISDIR'].includes(code) || attempt === MOVE_ATTEMPTS) throw error;
    }
  }
}

/** Programs may remove it meanwhile. */
function moveOut(path: string, outgoing: string): void {
  try {
    renameSync(path, join(outgoing, randomBytes(8).toString('hex')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function copyAttributes(from: string, to: string): void {
  const { uid, gid, mode, atimeMs, mtimeMs } = lstatSync(from);
  chownSync(to, uid, gid);
  chmodSync(to, mode & 0o7777);
  utimesSync(to, atimeMs / 1000, mtimeMs / 1000);
}
