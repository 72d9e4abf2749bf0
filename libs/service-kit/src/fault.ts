/** Called at each step after which a crash must lose nothing; does nothing in normal life. */
export type Fault<Point extends string> = (point: Point) => void;

/** What BERTH_FAULT asks for: `<point>:<n>` crashes when the point is passed for the nth time. Empty asks for nothing. */
export function createFault<Point extends string>(
  points: readonly Point[],
  setting: string,
  crash: () => void,
): Fault<Point> {
  if (setting === '') return () => {};
  const end = setting.lastIndexOf(':');
  const wanted = setting.slice(0, end);
  let left = Number(setting.slice(end + 1));
  if (!points.some((point) => point === wanted) || !(left > 0)) {
    throw new Error(`BERTH_FAULT=${setting}: not a fault point and a count`);
  }
  return (point) => {
    if (point === wanted && --left === 0) crash();
  };
}
