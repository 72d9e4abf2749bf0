/** The PORTS of `ps`: `80/tcp`, with neighbours together: `8000-8002/tcp`. Ports come as `80/tcp`, by number. */
export function portsText(ports: readonly string[]): string {
  const ranges: { first: number; last: number; protocol: string }[] = [];
  for (const port of ports.toSorted(compare)) {
    const [number, protocol] = split(port);
    const range = ranges.at(-1);
    if (range?.protocol === protocol && number === range.last + 1) range.last = number;
    else ranges.push({ first: number, last: number, protocol });
  }
  return ranges
    .map(({ first, last, protocol }) => `${first === last ? first : `${first}-${last}`}/${protocol}`)
    .join(', ');
}

function compare(a: string, b: string): number {
  const [[numberA, protocolA], [numberB, protocolB]] = [split(a), split(b)];
  if (protocolA !== protocolB) return protocolA < protocolB ? -1 : 1;
  return numberA - numberB;
}

function split(port: string): [number: number, protocol: string] {
  const [number, protocol = ''] = port.split('/');
  return [Number(number), protocol];
}
