import { expect, test } from '@jest/globals';
import { portsText } from './ports-text.ts';

test.each([
  [[], ''],
  [['80/tcp'], '80/tcp'],
  [['443/tcp', '80/tcp', '53/udp'], '80/tcp, 443/tcp, 53/udp'],
  [['8001/tcp', '8000/tcp', '8002/tcp', '8002/udp'], '8000-8002/tcp, 8002/udp'],
])('the ports %j are shown as %j', (ports, text) => {
  expect(portsText(ports)).toBe(text);
});
