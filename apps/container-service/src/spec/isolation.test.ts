import { expect, test } from '@jest/globals';
import { aConfig } from '../adapters/memory-engine.ts';
import { DEFAULT_ISOLATION, DEFAULT_NAMES } from '../isolation.ts';
import { checkIsolation } from './isolation.ts';
import { checkConfig } from './specify-container.ts';

const joining = { networkMode: 'container:x' } as const;
const names = (fields: object) => ({ names: { ...DEFAULT_NAMES, ...fields } });
const isolation = (fields: object) => ({ isolation: { ...DEFAULT_ISOLATION, ...fields } });

test.each([
  [{ ...joining, hostname: 'h' }, 'conflicting options: hostname and the network mode'],
  [{ ...joining, ...names({ dnsServers: ['1.1.1.1'] }) }, 'conflicting options: dns and the network mode'],
  [
    { ...joining, ...names({ extraHosts: ['a:1.1.1.1'] }) },
    'conflicting options: custom host-to-IP mapping and the network mode',
  ],
  [{ hostname: 'h', ...isolation({ utsMode: 'host' }) }, 'conflicting options: hostname and the UTS mode'],
  [names({ dnsServers: ['1.1'] }), 'IP address is not correctly formatted: 1.1'],
  [names({ dnsSearch: ['a b'] }), 'a b is not a valid domain'],
  [names({ dnsOptions: ['x\nnameserver 6.6.6.6'] }), 'invalid dns option'],
  [names({ extraHosts: ['a'] }), 'bad format for add-host: "a"'],
  [names({ extraHosts: ['a\tb:1.1.1.1'] }), 'bad format for add-host'],
  [names({ extraHosts: ['a:1.1'] }), 'invalid IP address in add-host: "1.1"'],
  [names({ domainName: 'a/b' }), 'invalid domain name: a/b'],
  [isolation({ apparmorProfile: 'a\nb' }), 'invalid AppArmor profile: "a\\nb"'],
])('a config with %j is refused', (fields, message) => {
  expect(() => checkIsolation(aConfig(fields))).toThrow(message);
});

test('what is valid passes', () => {
  const valid = names({
    domainName: 'lan',
    dnsServers: ['1.1.1.1', '::1'],
    dnsSearch: ['.', 'a.b'],
    dnsOptions: ['ndots:2'],
    extraHosts: ['a:1.1.1.1', 'b:::1', 'gw:host-gateway'],
  });
  expect(() => checkIsolation(aConfig(valid))).not.toThrow();
});

test.each([
  [isolation({ privileged: true }), 'privileged mode is incompatible with user namespaces.'],
  [isolation({ pidMode: 'host' }), "cannot share the host's PID namespace when user namespaces are enabled"],
  [
    isolation({ ipcMode: 'container:x' }),
    "cannot share another container's IPC namespace when user namespaces are enabled",
  ],
  [joining, "cannot share another container's network namespace when user namespaces are enabled"],
])('a container with a user namespace of its own and %j is refused', (fields, message) => {
  expect(() => checkConfig(aConfig({ userNamespaceMode: 'auto', ...fields }))).toThrow(message);
});
