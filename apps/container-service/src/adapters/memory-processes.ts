import type { Processes } from '../ports/runtime.ts';
import { parseProcess } from '../processes/process-info.ts';

/** One shell in every control group, which began a minute ago. */
export function createMemoryProcesses(): Processes {
  const stat = '42 (sh) S 7 42 42 34816 42 4194304 0 0 0 0 100 50 0 0 20 0 1 0 6000 1048576 256 0';
  const process = parseProcess(stat, 'Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n', 'sh\0-c\0sleep 1\0');
  const now = 1_700_000_120;
  return {
    list: () => Promise.resolve(process === null ? [] : [process]),
    host: () => ({ bootTime: now - 120, now, memoryBytes: 10_485_760, userName: () => 'root', groupName: String }),
  };
}
