// The options of networks, checked: in Docker's words where it has some. One without an effect is refused.
import { BerthError } from '@berth/errors';
import { checkChildOptions, isChildDriver, type ChildDriver } from './child-options.ts';
import { parseAddress } from './ip-address.ts';
import {
  INTERFACE_NAME_MAX,
  INTERFACE_PREFIX_MAX,
  isBoolean,
  isInterfaceName,
  NETWORK_OPTION,
  type Network,
} from './network.ts';

type Options = Network['options'];

const MTU = { least: 68, most: 65_535 };
const COMMON = [NETWORK_OPTION.mtu, NETWORK_OPTION.interfacePrefix];
const SUPPORTED: Readonly<Record<'bridge' | ChildDriver, readonly string[]>> = {
  bridge: Object.values(NETWORK_OPTION),
  macvlan: [...COMMON, 'parent', 'macvlan_mode'],
  ipvlan: [...COMMON, 'parent', 'ipvlan_mode', 'ipvlan_flag'],
};

/** Throws INVALID_ARGUMENT. */
export function checkNetworkOptions(driver: 'bridge' | ChildDriver, options: Options): void {
  for (const key of Object.keys(options)) {
    if (!SUPPORTED[driver].includes(key)) throw invalid(`option ${key} is not supported by the ${driver} driver`);
  }
  if (isChildDriver(driver)) checkChildOptions(driver, options);
  else checkBridgeOptions(options);
  checkCommonOptions(options);
}

function checkCommonOptions(options: Options): void {
  const { [NETWORK_OPTION.mtu]: mtu = '1500', [NETWORK_OPTION.interfacePrefix]: prefix = 'eth' } = options;
  if (!/^[0-9]{1,5}$/.test(mtu) || Number(mtu) < MTU.least || Number(mtu) > MTU.most) {
    throw invalid(`invalid MTU ${JSON.stringify(mtu)}: ${MTU.least} to ${MTU.most}`);
  }
  if (!isInterfaceName(prefix) || prefix.length > INTERFACE_PREFIX_MAX) {
    throw invalid(
      `invalid interface prefix ${JSON.stringify(prefix)}: at most ${INTERFACE_PREFIX_MAX} of a-z, 0-9, . _ -`,
    );
  }
}

function checkBridgeOptions(options: Options): void {
  const { [NETWORK_OPTION.name]: name, [NETWORK_OPTION.hostBinding]: hostBinding } = options;
  if (name !== undefined && !isInterfaceName(name)) {
    throw invalid(`invalid bridge name ${JSON.stringify(name)}: at most ${INTERFACE_NAME_MAX} of a-z, 0-9, . _ -`);
  }
  for (const key of [NETWORK_OPTION.communicates, NETWORK_OPTION.masquerades]) {
    const { [key]: value = 'true' } = options;
    if (!isBoolean(value)) throw unreadable(key, value, `strconv.ParseBool: parsing "${value}": invalid syntax`);
  }
  if (hostBinding !== undefined && parseAddress(hostBinding)?.family !== 4) {
    throw unreadable(NETWORK_OPTION.hostBinding, hostBinding, 'nil ip');
  }
  for (const key of [NETWORK_OPTION.gatewayMode, NETWORK_OPTION.gatewayMode6]) {
    const { [key]: mode = 'nat' } = options;
    if (['routed', 'isolated', 'nat-unprotected'].includes(mode)) {
      throw invalid(`gateway mode ${mode} is not supported: nat is`);
    }
    if (mode !== 'nat') throw invalid(`unknown gateway mode ${mode}`);
  }
}

function unreadable(key: string, value: string, why: string): BerthError {
  return invalid(`failed to parse ${key} value: ${value} (${why})`);
}

function invalid(message: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', message);
}
