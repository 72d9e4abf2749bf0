import { expect } from '@jest/globals';
import { encode } from 'dns-packet';
import { isBerthError } from '@berth/errors';
import { fuzz, hostileJson, hostileText, refused } from '@berth/testkit/fuzz';
import { answerQuery, fitDatagram } from './dns/answer-query.ts';
import { parseNameServers } from './dns/host-name-servers.ts';
import { createNameTable } from './dns/name-table.ts';
import { findRecord, timeOf } from './logs/log-record.ts';
import { parseProfile } from './seccomp/profile.ts';
import { resolveUser } from './spec/user.ts';

fuzz(
  'a user is found in any passwd and group, or refused',
  hostileText(
    ['root:x:0:0:root:/root:/bin/sh\na:x:1000:1000::/home/a:/bin/sh\n', 'root:x:0:\na:x:1000:a,b\nstaff:x:50:a\n'],
    [':', '\n', ',', 'root', 'a', 'x', '0', '-1', '4294967295', '+1', '#', '\0', '/root', '\r\n'],
  ),
  (text) => {
    const database = { passwd: Buffer.from(text), group: Buffer.from(text) };
    for (const user of ['', 'a', 'a:staff', '1000', '4294967295', text.slice(0, 20)]) {
      const identity = refused(
        () => resolveUser(user, database, ['staff']),
        (error) => isBerthError(error, 'USER_INVALID'),
      );
      if (identity === null) continue;
      for (const id of [identity.userId, identity.groupId, ...identity.groupIds]) {
        expect([Number.isInteger(id), id >= 0, id < 2 ** 32 - 1]).toEqual([true, true, true]);
      }
    }
  },
);

const PROFILE = {
  ...{
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
  },
  syscalls: [
    {
      ...{ names: ['read', 'personality'], action: 'SCMP_ACT_ALLOW', comment: '', errnoRet: 1 },
      args: [{ index: 0, value: 8, valueTwo: 1, op: 'SCMP_CMP_MASKED_EQ' }],
      ...{ includes: { caps: ['CAP_SYS_ADMIN'], arches: ['amd64'], minKernel: '4.8' }, excludes: {} },
    },
  ],
};

fuzz('a seccomp profile is read or refused', hostileJson([PROFILE]), (profile) => {
  refused(
    () => parseProfile(profile.toString()),
    (error) => isBerthError(error, 'INVALID_ARGUMENT'),
  );
});

const place = { networkId: 'n', networkName: 'front', names: ['web'], addresses: ['172.18.0.2', 'fd00::2'] };
const table = createNameTable();
table.set({ id: 'c', places: [place], nameServers: [], forwards: true });

fuzz(
  'the resolver has an answer to every message, or drops it',
  hostileText(
    ['web', 'web.front', '2.0.18.172.in-addr.arpa'].map((name) =>
      encode({
        ...{ type: 'query', id: 1, flags: 0x100, questions: [{ type: 'A', name }] },
        additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] } as never],
      }).toString('latin1'),
    ),
    ['\xc0\x0c', '\0', '\xff', '\x3f', '\x01', '\x29', '\x03web', '\xc0\xff', 'a'.repeat(64)],
  ),
  (text) => {
    const query = Buffer.from(text, 'latin1');
    const long = Buffer.concat([query, Buffer.alloc(600, query.length > 0 ? query : '\0')]);
    if (query.length >= 12) expect(fitDatagram(query, long).length).toBeLessThanOrEqual(4096);
    const verdict = answerQuery(query, { table, from: '172.18.0.2', shuffle: (addresses) => [...addresses] });
    if (verdict.kind !== 'answer') return;
    expect(verdict.response.readUInt16BE(0)).toBe(query.readUInt16BE(0));
    expect(fitDatagram(query, verdict.response).length).toBeLessThanOrEqual(4096);
  },
);

fuzz(
  'a line of a log is a record or damaged, and a line of resolv.conf a name server or none',
  hostileText(
    ['2026-11-24T05:41:37.000000001Z stdout F hello\n', 'nameserver 10.0.0.1\nsearch a b\noptions ndots:5\n'],
    [' ', '\n', 'stdout', 'stderr', 'P', 'F', '.', 'Z', '9', 'nameserver', '::1', '%eth0', '#'],
  ),
  (text) => {
    const line = Buffer.from(`${text}\n`);
    const record = findRecord(line, 0, line.length);
    if (record !== null) {
      timeOf(record);
      expect(record.dataStart).toBeLessThanOrEqual(record.dataEnd);
      expect(record.dataEnd).toBeLessThanOrEqual(line.length);
    }
    for (const { address } of parseNameServers(text)) expect(address).toMatch(/^[0-9a-f.:]+(%.+)?$/i);
  },
);
