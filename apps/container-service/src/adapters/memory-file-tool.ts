import { BerthError } from '@berth/errors';
import type { FileTool, PathStat } from '../ports/files.ts';

const STAT: PathStat = { name: 'etc', sizeBytes: 1, mode: 0o40755, modifyTimeNs: 0n, linkTarget: '' };

/** A FileTool for tests: every path but `/missing` is there; `calls` are what it was asked, as `stat 4711 /etc`. */
export function createMemoryFileTool(): FileTool & { readonly calls: string[] } {
  const calls: string[] = [];

  function note(verb: string, pid: number, path: string): void {
    calls.push(`${verb} ${pid} ${path}`);
    if (path === '/missing') throw new BerthError('PATH_NOT_FOUND', `there is no "${path}"`);
  }

  return {
    calls,
    async stat({ pid }, path) {
      note('stat', pid, path);
      return Promise.resolve(STAT);
    },
    async *archive({ pid }, path) {
      note('archive', pid, path);
      yield await Promise.resolve(STAT);
      yield Buffer.from('tar');
    },
    async extract({ pid }, path, { data }) {
      note('extract', pid, path);
      for await (const chunk of data) calls.push(Buffer.from(chunk).toString());
    },
  };
}
