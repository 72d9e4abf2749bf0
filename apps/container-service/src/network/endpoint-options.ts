// What `--driver-opt` says about a container's place on a network, and its addresses of the link.
import type { NetworkAttachment } from '../container-config.ts';
import type { FileValue } from '../plan/plan.ts';
import { contains, parseAddress, parseCidr } from './ip-address.ts';
import { isInterfaceName } from './network.ts';

const OPTION = {
  interfaceName: 'com.docker.network.endpoint.ifname',
  sysctls: 'com.docker.network.endpoint.sysctls',
} as const;
/** Docker's word for the name of the interface. */
const SYSCTL = /^net\.([\w-]+)\.([\w-]+)\.IFNAME\.([\w-]+)=([^\0]*)$/i;
/** What the kernel keeps for itself, by which no interface can be told from others. */
const RESERVED_NAMES = ['lo', 'all', 'default'];
const LINK_LOCAL = ['169.254.0.0/16', 'fe80::/10'].map(parseCidr);

type Asked = Pick<NetworkAttachment, 'driverOptions' | 'linkLocalAddresses'>;

/** What is wrong with them. */
export function endpointErrors({ driverOptions, linkLocalAddresses }: Asked): string[] {
  const unknown = Object.keys(driverOptions).filter((key) => !Object.values<string>(OPTION).includes(key));
  const name = wantedInterfaceName({ driverOptions });
  const isName = name === '' || (isInterfaceName(name) && !RESERVED_NAMES.includes(name));
  return [
    ...unknown.map((key) => `driver option ${key} is not supported`),
    ...(isName ? [] : [`invalid interface name: ${name}`]),
    ...sysctlTexts({ driverOptions })
      .filter((text) => !SYSCTL.test(text))
      .map((text) => `invalid sysctl ${text}: expected net.X.Y.IFNAME.Z=value`),
    ...linkLocalAddresses.filter((text) => !isLinkLocal(text)).map((text) => `invalid link local IP address: ${text}`),
  ];
}

/** What the interface is to be called; empty: anything. */
export function wantedInterfaceName({ driverOptions }: Pick<Asked, 'driverOptions'>): string {
  return driverOptions[OPTION.interfaceName] ?? '';
}

/** The kernel parameters of an interface of that name, below /proc/sys. They have been checked. */
export function endpointSysctls(asked: Pick<Asked, 'driverOptions'>, interfaceName: string): FileValue[] {
  return sysctlTexts(asked).flatMap((text) => {
    const [, family, kind, key, value = ''] = SYSCTL.exec(text) ?? [];
    return key === undefined ? [] : [{ path: `net/${family}/${kind}/${interfaceName}/${key}`, value }];
  });
}

function sysctlTexts({ driverOptions }: Pick<Asked, 'driverOptions'>): string[] {
  const text = driverOptions[OPTION.sysctls] ?? '';
  return text === '' ? [] : text.split(',');
}

function isLinkLocal(text: string): boolean {
  const address = parseAddress(text);
  return address !== null && LINK_LOCAL.some((subnet) => subnet.family === address.family && contains(subnet, address));
}
