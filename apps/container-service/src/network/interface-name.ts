/** The lowest name of a prefix that is not taken: eth0, eth1 … */
export function freeInterfaceName(prefix: string, taken: readonly string[]): string {
  for (let number = 0; ; number++) {
    const name = `${prefix}${number}`;
    if (!taken.includes(name)) return name;
  }
}
