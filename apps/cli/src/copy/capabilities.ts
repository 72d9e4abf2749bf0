// The capabilities of programs, which are an extended attribute. Node has no call for those; the tools of Debian's package attr have. Paths and
// values are latin1 strings, one character a byte: see tar-format.ts.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const NAME = 'security.capability';

/** The record of an archive that tells the capabilities of a file. */
export const CAPABILITY_RECORD = `SCHILY.xattr.${NAME}`;

const OUTPUT_MAX_BYTES = 64 * 1024 * 1024;

/** The capabilities of all files below an absolute path, or of that file. Empty without the tool. */
export async function readCapabilities(path: string): Promise<ReadonlyMap<string, string>> {
  const args = [
    '-R',
    '-P',
    '-h',
    '-d',
    '-m',
    `^${NAME.replace('.', '\\.')}$`,
    '-e',
    'hex',
    '--absolute-names',
    '--',
    path,
  ];
  const options = { encoding: 'latin1', maxBuffer: OUTPUT_MAX_BYTES } as const;
  // It tells what it can read, and fails when there is something that it cannot.
  const { stdout } = await promisify(execFile)('getfattr', args, options).catch((error: unknown) => ({
    stdout: (error as { stdout?: string }).stdout ?? '',
  }));
  return parseAttributes(stdout);
}

/** Gives a file of ours its capabilities. Rejects where that cannot be. */
export async function writeCapability(path: string, value: string): Promise<void> {
  const hex = Buffer.from(value, 'latin1').toString('hex');
  await promisify(execFile)('setfattr', ['-h', '-n', NAME, '-v', `0x${hex}`, '--', path]);
}

/** `# file: <path>`, with a backslash and three octal digits for odd characters, then `<name>=0x<hex>`. */
function parseAttributes(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, path = '', hex = ''] of text.matchAll(/^# file: (.*)\nsecurity\.capability=0x([0-9a-f]*)$/gm)) {
    const plain = path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    found.set(plain, Buffer.from(hex, 'hex').toString('latin1'));
  }
  return found;
}
