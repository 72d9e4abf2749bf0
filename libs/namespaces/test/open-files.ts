import { readdirSync, readlinkSync } from 'node:fs';

/** What the descriptors of a process lead to: `socket:[5]`, `net:[4026531840]`, a path. What is closed, or has ended, while this looks has none. */
export function openFilesOf(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  return unlessGone(() => readdirSync(directory)).flatMap((fd) =>
    unlessGone(() => [readlinkSync(`${directory}/${fd}`)]),
  );
}

function unlessGone(read: () => string[]): string[] {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
}
