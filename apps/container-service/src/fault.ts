/** Steps after which a crash must lose nothing; the tests crash the service at each. */
export const FAULT_POINTS = [
  'create:snapshot',
  'create:row',
  'start:row',
  'start:files',
  'start:spawned',
  'start:running',
  'exit:heard',
  'exit:recorded',
  'release:runtime',
  'remove:row',
  'clean:snapshot',
  'clean:files',
  'exec:row',
  'exec:spawned',
  'exec:exited',
  'restart:waiting',
  'restart:due',
  'restart:stopped',
  'stop:row',
  'pause:frozen',
  'unpause:thawed',
  'rename:row',
  'update:noted',
  'update:limited',
  'network-create:noted',
  'network-create:bridge',
  'network-rm:row',
] as const;

/** One of them. */
export type FaultPoint = (typeof FAULT_POINTS)[number];

/** Called at each step; does nothing in normal life. */
export type Fault = (point: FaultPoint) => void;

/** What BERTH_FAULT asks for: `<point>:<n>` crashes when the point is passed for the nth time. Empty asks for nothing. */
export function createFault(setting: string, crash: () => void): Fault {
  if (setting === '') return () => {};
  const end = setting.lastIndexOf(':');
  const wanted = setting.slice(0, end);
  let left = Number(setting.slice(end + 1));
  if (!FAULT_POINTS.some((point) => point === wanted) || !(left > 0)) {
    throw new Error(`BERTH_FAULT=${setting}: not a fault point and a count`);
  }
  return (point) => {
    if (point === wanted && --left === 0) crash();
  };
}
