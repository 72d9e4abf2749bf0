import { expect, test } from '@jest/globals';
import { exposedPorts } from './exposed-ports.ts';

test('ports of --expose are told one by one', () => {
  expect(exposedPorts(['80', '53/UDP', '8000-8002/tcp'])).toEqual([
    '80/tcp',
    '53/udp',
    '8000/tcp',
    '8001/tcp',
    '8002/tcp',
  ]);
});

test.each([
  ['80:80', 'invalid port format for --expose: 80:80'],
  ['9-8', 'invalid range format for --expose: 9-8, error: invalid range specified for port: 9-8'],
  ['http', 'invalid range format for --expose: http, error: strconv.ParseUint: parsing "http": invalid syntax'],
  ['80/icmp', 'invalid proto: icmp'],
])('--expose %s is refused', (text, message) => {
  expect(() => exposedPorts([text])).toThrow(message);
});
