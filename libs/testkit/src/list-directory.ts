import { readdirSync, type Dirent } from 'node:fs';

/** The entries of a directory that somebody else may remove meanwhile, as the kernel does those of control groups; none when it is gone. */
export function listDirectory(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    // ENODEV: a control group or an interface that went between the opening and the reading.
    if (['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
