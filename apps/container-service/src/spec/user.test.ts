import { describe, expect, test } from '@jest/globals';
import { resolveUser } from './user.ts';

const passwd = Buffer.from(
  'root:x:0:0:root:/root:/bin/sh\n' +
    'ann:x:1000:100::/home/ann:/bin/sh\n' +
    'bad:x:4294967296:0::/:/bin/sh\n' +
    '2000:x:0:0::/root:/bin/sh\n' +
    '# comment\n\n:x:5:5::/:\n',
);
const group = Buffer.from('root:x:0:\nusers:x:100:\nstaff:x:50:ann,bob\nwheel:x:10:root,ann\nhuge:x:4294967295:ann\n');
const database = { passwd, group };
const none = { passwd: Buffer.alloc(0), group: Buffer.alloc(0) };

describe('resolveUser', () => {
  test('takes root unless told otherwise, with the groups that root is in', () => {
    expect(resolveUser('', database)).toEqual({ userId: 0, groupId: 0, groupIds: [0, 10], home: '/root' });
    expect(resolveUser('', none)).toEqual({ userId: 0, groupId: 0, groupIds: [0], home: '/' });
  });

  test('finds a name with its groups, the primary one first', () => {
    expect(resolveUser('ann', database)).toEqual({
      userId: 1000,
      groupId: 100,
      groupIds: [100, 50, 10],
      home: '/home/ann',
    });
  });

  test('finds the account of an id', () => {
    expect(resolveUser('1000', database)).toEqual(resolveUser('ann', database));
  });

  test('takes an id that has no account', () => {
    expect(resolveUser('1234', database)).toEqual({ userId: 1234, groupId: 0, groupIds: [0], home: '/' });
    expect(resolveUser('4294967294', none).userId).toBe(4_294_967_294);
  });

  test('with a group given, has that group only', () => {
    expect(resolveUser('ann:staff', database)).toEqual({
      userId: 1000,
      groupId: 50,
      groupIds: [50],
      home: '/home/ann',
    });
    expect(resolveUser('1:77', none)).toEqual({ userId: 1, groupId: 77, groupIds: [77], home: '/' });
    expect(resolveUser(':50', database)).toMatchObject({ userId: 0, groupId: 50 });
  });

  test('never takes digits for a name, even where one has it', () => {
    expect(resolveUser('2000', database).userId).toBe(2000);
  });

  test.each(['4294967295', '4294967296', '2147483648000', '99999999999999999999', '-1', '+1', '0:4294967296'])(
    'refuses the id %s, and does not make root of it',
    (user) => {
      expect(() => resolveUser(user, database)).toThrow(/ids are numbers from 0 to 4294967294/);
    },
  );

  test('refuses names that nobody has, in the words of Docker', () => {
    expect(() => resolveUser('eve', database)).toThrow('unable to find user eve: no matching entries in passwd file');
    expect(() => resolveUser('bad', database)).toThrow('unable to find user bad: no matching entries in passwd file');
    expect(() => resolveUser('ann:nope', database)).toThrow(
      'unable to find group nope: no matching entries in group file',
    );
    expect(() => resolveUser('ann:huge', database)).toThrow(
      'unable to find group huge: no matching entries in group file',
    );
    expect(() => resolveUser('1 ', database)).toThrow('unable to find user 1 : no matching entries');
  });

  test('refuses files that are too large, and skips lines that are', () => {
    const large = { passwd: Buffer.alloc(1024 * 1024 + 1, 'a'), group };
    expect(() => resolveUser('ann', large)).toThrow('more than 1048576 bytes');
    const long = Buffer.concat([Buffer.alloc(70_000, 'x'), Buffer.from('\nann:x:7:7::/h:\n')]);
    expect(resolveUser('ann', { passwd: long, group: none.group }).userId).toBe(7);
  });
});
