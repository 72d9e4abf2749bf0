import { describe, expect, test } from '@jest/globals';
import { networkConfig, NOTHING_ASKED } from './network.ts';

const ABSENT = { ip: undefined, ip6: undefined, 'mac-address': undefined };
const NONE = { network: [], 'network-alias': [], 'link-local-ip': [], net: [], 'net-alias': [], ...ABSENT };
const config = (...network: string[]) => networkConfig({ ...NONE, network });

describe('the networks of a container', () => {
  test('are none besides its mode when nothing is asked for on them', () => {
    expect(config('back')).toEqual({ networkMode: 'back', networks: [] });
    expect(config('name=back')).toEqual({ networkMode: 'back', networks: [] });
    expect(config()).toEqual({ networkMode: '', networks: [] });
  });

  test('are told with all that is asked for', () => {
    const long = [
      'name=back,alias=a,alias=b,ip=10.0.0.5,ip6=fd00::5,mac-address=02-42-00-00-00-07,gw-priority=-3',
      'link-local-ip=169.254.1.1,driver-opt= Key = Value,"driver-opt=a.b=x=1,y=2"',
    ];
    expect(config('front', long.join(','))).toEqual({
      networkMode: 'front',
      networks: [
        { network: 'front', ...NOTHING_ASKED },
        {
          network: 'back',
          aliases: ['a', 'b'],
          address: '10.0.0.5',
          ipv6Address: 'fd00::5',
          hardwareAddress: '02:42:00:00:00:07',
          gatewayPriority: -3,
          linkLocalAddresses: ['169.254.1.1'],
          driverOptions: { key: 'Value', 'a.b': 'x=1,y=2' },
        },
      ],
    });
    const beside = networkConfig({ ...NONE, network: ['back'], 'link-local-ip': ['169.254.1.1'] });
    expect(beside.networks).toEqual([{ network: 'back', ...NOTHING_ASKED, linkLocalAddresses: ['169.254.1.1'] }]);
  });

  test.each([
    ['name=a,driver-opt=x', 'invalid key value pair format in driver options'],
    ['name=a,driver-opt==x', 'invalid key value pair format in driver options'],
    ['name=a,"x', 'parse error on line 1, column 10: extraneous or missing " in quoted-field'],
    ['alias=a', 'network name/id is not specified'],
    ['name=a,x=y', 'invalid field key x'],
  ])('are refused as %s', (text, problem) => {
    expect(() => config(text)).toThrow(`invalid argument "${text}" for "--network" flag: ${problem}`);
  });

  test('have a thing said once', () => {
    expect(() =>
      networkConfig({ ...NONE, network: ['name=a,link-local-ip=169.254.1.1'], 'link-local-ip': ['169.254.1.2'] }),
    ).toThrow('conflicting options: cannot specify both --link-local-ip and per-network link-local IP addresses');
  });
});
