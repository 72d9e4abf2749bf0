import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { runProgram, waitFor } from '@berth/testkit';
import { berth } from './engine.ts';

const PEER = join(process.cwd(), 'apps/e2e/vm/peer');
const PROTOCOLS = ['tcp', 'udp', 'sctp'];

test('published ports carry data in every protocol', async () => {
  const serving = PROTOCOLS.map((protocol) => `/peer ${protocol} serve 7000 &`).join(' ');
  const published = PROTOCOLS.flatMap((protocol) => ['-p', `7001:7000/${protocol}`]);
  const options = ['--name', 'serving', '-v', `${PEER}:/peer:ro`, ...published];
  await berth('run', '-d', ...options, 'busybox', 'sh', '-c', `${serving} wait`);
  const own = await berth('inspect', '--format', '{{.NetworkSettings.IPAddress}}', 'serving');
  const gateway = await berth('inspect', '--format', '{{.NetworkSettings.Gateway}}', 'serving');
  const ways = [
    [own, '7000'],
    ['127.0.0.1', '7001'],
    [gateway, '7001'],
  ] as const;
  for (const protocol of PROTOCOLS) {
    for (const [address, port] of ways) {
      let told = '';
      // It may not listen yet, and a datagram may be lost.
      const isAnswered = async () => {
        const { code, stdout, stderr } = await runProgram(PEER, [protocol, 'ask', address, port, `${protocol} there`]);
        told = stdout || stderr;
        return code === 0;
      };
      await waitFor(isAnswered, { what: `an answer over ${protocol} from ${address}` }).catch(() => undefined);
      assert.equal(told, `${protocol} there`, `${protocol} ${address}`);
    }
  }
  await berth('rm', '-f', 'serving');
});
