/** Orders names as people do: runs of digits by their number, all else by its characters. `v2` comes before `v10`. */
export function compareNaturally(a: string, b: string): number {
  for (let i = 0, j = 0; ;) {
    if (i === a.length || j === b.length) return a.length - i - (b.length - j);
    const [left, right] = [digitsAt(a, i), digitsAt(b, j)];
    const order = left && right ? compareNumbers(left, right) : compareText(a[i] ?? '', b[j] ?? '');
    if (order !== 0) return order;
    i += left && right ? left.length : 1;
    j += left && right ? right.length : 1;
  }
}

function digitsAt(text: string, at: number): string {
  return /^[0-9]+/.exec(text.slice(at))?.[0] ?? '';
}

function compareNumbers(a: string, b: string): number {
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return x.length - y.length || compareText(x, y) || a.length - b.length;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
