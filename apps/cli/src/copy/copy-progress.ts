import type { CommandContext } from '../context.ts';
import { formatSize } from '../format/human-size.ts';
import type { TarBytes } from './archive-name.ts';

/** Shows on the error stream's terminal how much has been copied. */
export interface CopyProgress {
  /** The same bytes, counted. */
  count(source: TarBytes): TarBytes;
  /** Takes what is shown away. */
  end(): void;
  readonly bytes: number;
}

const TICK_MS = 75;
const SAVE = '\x1b[s';
const RESTORE_AND_ERASE = '\x1b[u\x1b[2K';
const HIDE = '\x1b[?25l';
const SHOW = '\x1b[?25h';

/** `Copying to container - 1.2kB`, drawn over as docker does. Nothing is shown when `isShown` is false. */
export function startCopyProgress(
  { stderr }: Pick<CommandContext, 'stderr'>,
  header: string,
  isShown: boolean,
): CopyProgress {
  let bytes = 0;
  let shown = 0;
  let timer: NodeJS.Timeout | undefined;
  if (isShown) {
    stderr.write(`${SAVE}Preparing to copy...${HIDE}${RESTORE_AND_ERASE}${header}${formatSize(0)}`);
    timer = setInterval(() => {
      if (bytes === shown) return;
      stderr.write(`\x1b[${header.length + 1}G\x1b[0K${formatSize(bytes)}`);
      shown = bytes;
    }, TICK_MS);
  }
  return {
    async *count(source) {
      for await (const chunk of source) {
        bytes += chunk.length;
        yield chunk;
      }
    },
    end() {
      clearInterval(timer);
      if (isShown) stderr.write(`${SHOW}${RESTORE_AND_ERASE}`);
    },
    get bytes() {
      return bytes;
    },
  };
}
