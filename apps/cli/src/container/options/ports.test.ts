import { expect, test } from '@jest/globals';
import { portsConfig } from './ports.ts';

const bindings = (...publish: string[]) =>
  portsConfig({ expose: [], publish, 'publish-all': false }).portBindings.map(
    ({ containerPort, hostAddress, firstHostPort, lastHostPort }) =>
      `${hostAddress}:${firstHostPort}-${lastHostPort}:${containerPort}`,
  );

test.each([
  ['80', [':0-0:80/tcp']],
  ['8080:80', [':8080-8080:80/tcp']],
  ['127.0.0.1:8080:80/UDP', ['127.0.0.1:8080-8080:80/udp']],
  ['[fd00::1]:8080:80', ['fd00::1:8080-8080:80/tcp']],
  ['127.0.0.1::80', ['127.0.0.1:0-0:80/tcp']],
  ['8000-8010:80', [':8000-8010:80/tcp']],
  ['8000-8001:80-81/sctp', [':8000-8000:80/sctp', ':8001-8001:81/sctp']],
  ['80-81', [':0-0:80/tcp', ':0-0:81/tcp']],
  ['published=8080,target=80,protocol=udp', [':8080-8080:80/udp']],
  ['[::1]:8080:80', ['::1:8080-8080:80/tcp']],
])('-p %s', (text, expected) => {
  expect(bindings(text)).toEqual(expected);
});

test.each([
  ['8080:', 'no port specified: 8080:<empty>'],
  ['a.b:80:80', 'invalid IP address: a.b'],
  ['80:http', 'invalid containerPort: http'],
  ['80:70000', 'invalid containerPort: 70000'],
  ['x:80', 'invalid hostPort: x'],
  ['9-8:80', 'invalid hostPort: 9-8'],
  ['80:80/icmp', 'invalid proto: icmp'],
  ['8000-8002:80-81', 'invalid ranges specified for container and host Ports: 80-81 and 8000-8002'],
  ['target=80,x', "invalid publish opts format (should be name=value but got 'x')"],
])('-p %s is refused', (text, message) => {
  expect(() => bindings(text)).toThrow(message);
});
