import { expect, test } from '@jest/globals';
import { portsText } from './ports-text.ts';

/** `127.0.0.1:8080->80/tcp` */
function publishedPort(text: string) {
  const [, hostAddress = '', hostPort, containerPort = ''] = /^(.*):(\d+)->(.*)$/.exec(text) ?? [];
  return { hostAddress, hostPort: Number(hostPort), containerPort };
}

test.each<[string[], string[], string]>([
  [[], [], ''],
  [['80/tcp'], [], '80/tcp'],
  [['443/tcp', '80/tcp', '53/udp'], [], '80/tcp, 53/udp, 443/tcp'],
  [['8001/tcp', '8000/tcp', '8002/tcp', '8002/udp'], [], '8000-8002/tcp, 8002/udp'],
  [['80/tcp'], ['0.0.0.0:80->80/tcp'], '0.0.0.0:80->80/tcp'],
  [['80/tcp', '90/tcp'], ['0.0.0.0:8080->80/tcp'], '90/tcp, 0.0.0.0:8080->80/tcp'],
  [['8000/tcp', '8001/tcp'], ['0.0.0.0:8001->8001/tcp', '0.0.0.0:8000->8000/tcp'], '0.0.0.0:8000-8001->8000-8001/tcp'],
  [
    ['80/tcp', '81/tcp'],
    ['0.0.0.0:9001->81/tcp', '0.0.0.0:9000->80/tcp', '127.0.0.1:80->80/tcp'],
    '127.0.0.1:80->80/tcp, 0.0.0.0:9000->80/tcp, 0.0.0.0:9001->81/tcp',
  ],
  [['80/tcp'], ['0.0.0.0:8080->80/tcp', ':::8080->80/tcp'], '0.0.0.0:8080->80/tcp, [::]:8080->80/tcp'],
  [['80/tcp'], ['0.0.0.0:80->80/tcp', ':::80->80/tcp'], '0.0.0.0:80->80/tcp, [::]:80->80/tcp'],
])('the ports %j, published as %j, are shown as %j', (exposed, published, text) => {
  expect(portsText(exposed, published.map(publishedPort))).toBe(text);
});
