import { BerthError } from '@berth/errors';
import type { NetworkAttachment } from '../container-config.ts';
import { wantedInterfaceName } from './endpoint-options.ts';
import { interfacePrefix, type Network } from './network.ts';

/** Names of a container's interfaces: those that it has, and those that are asked for on any of its networks. */
export interface InterfaceNames {
  readonly names: readonly string[];
  readonly asked: readonly string[];
}

/** What an interface is called: what was asked for, or the first that is free, eth0, eth1 … Throws INVALID_ARGUMENT. */
export function interfaceNameAt(
  network: Network,
  attachment: Pick<NetworkAttachment, 'driverOptions'>,
  { names, asked }: InterfaceNames,
): string {
  const wanted = wantedInterfaceName(attachment);
  if (names.includes(wanted)) {
    throw new BerthError('INVALID_ARGUMENT', `interface name ${wanted} is already in use in the container`);
  }
  if (wanted !== '') return wanted;
  for (let number = 0; ; number++) {
    const name = `${interfacePrefix(network)}${number}`;
    if (!names.includes(name) && !asked.includes(name)) return name;
  }
}
