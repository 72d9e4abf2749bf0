import { BerthError } from '@berth/errors';
import type { Identity } from '../container.ts';

/** What /etc/passwd and /etc/group of the container hold; empty when there is none. Hostile input. */
export interface UserDatabase {
  readonly passwd: Uint8Array;
  readonly group: Uint8Array;
}

interface PasswdEntry {
  readonly name: string;
  readonly userId: number;
  readonly groupId: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly groupId: number;
  readonly members: readonly string[];
}

const MAX_BYTES = 1024 * 1024;
const MAX_LINE_LENGTH = 64 * 1024;
/** NGROUPS_MAX of the kernel: of more, the first count. */
const MAX_GROUPS = 65_536;
/** The kernel takes 2^32 - 1 for "no id". */
const MAX_ID = 4_294_967_294;

/**
 * Resolves `user[:group]`, each a name or an id; empty is root. Digits are always an id and never looked up as a name: one that does not
 * fit is an error (CVE-2024-40635). Without a group the user's own groups are its supplementary groups; with one they are not.
 * `additional` are further groups, names or ids. Throws USER_INVALID.
 */
export function resolveUser(user: string, database: UserDatabase, additional: readonly string[] = []): Identity {
  const identity = resolveAccount(user, database);
  if (additional.length === 0) return identity;
  const groups = parseGroup(database.group);
  const groupIds = new Set([...identity.groupIds, ...additional.map((group) => findGroup(group, groups))]);
  return { ...identity, groupIds: [...groupIds].slice(0, MAX_GROUPS) };
}

function resolveAccount(user: string, database: UserDatabase): Identity {
  const separator = user.indexOf(':');
  const userPart = separator === -1 ? user : user.slice(0, separator);
  const groupPart = separator === -1 ? '' : user.slice(separator + 1);
  const account = findAccount(userPart, parsePasswd(database.passwd));
  if (groupPart !== '') {
    const groupId = findGroup(groupPart, parseGroup(database.group));
    return { userId: account.userId, groupId, groupIds: [groupId], home: account.home };
  }
  const groups = account.name === '' ? [] : parseGroup(database.group);
  const memberships = groups.filter(({ members }) => members.includes(account.name)).map(({ groupId }) => groupId);
  const groupIds = [...new Set([account.groupId, ...memberships])].slice(0, MAX_GROUPS);
  return { userId: account.userId, groupId: account.groupId, groupIds, home: account.home };
}

function findAccount(user: string, entries: readonly PasswdEntry[]): PasswdEntry {
  const numeric = user === '' ? 0 : parseId(user, 'user');
  if (numeric === null) {
    const named = entries.find((entry) => entry.name === user);
    if (named !== undefined) return named;
    throw new BerthError('USER_INVALID', `unable to find user ${user}: no matching entries in passwd file`);
  }
  const known = entries.find((entry) => entry.userId === numeric);
  return known ?? { name: '', userId: numeric, groupId: 0, home: '/' };
}

function findGroup(group: string, entries: readonly GroupEntry[]): number {
  const numeric = parseId(group, 'group');
  if (numeric !== null) return numeric;
  const named = entries.find((entry) => entry.name === group);
  if (named !== undefined) return named.groupId;
  throw new BerthError('USER_INVALID', `unable to find group ${group}: no matching entries in group file`);
}

/** The id that a text of digits means; null when it is a name. */
function parseId(text: string, what: 'user' | 'group'): number | null {
  if (!/^[+-]?[0-9]+$/.test(text)) return null;
  const id = strictId(text);
  if (id !== null) return id;
  throw new BerthError('USER_INVALID', `unable to find ${what} ${text}: ids are numbers from 0 to ${MAX_ID}`);
}

function strictId(text: string): number | null {
  if (!/^[0-9]{1,10}$/.test(text)) return null;
  const id = Number(text);
  return id <= MAX_ID ? id : null;
}

/** Lines whose ids are no ids do not count: a container cannot name what it cannot have. */
function parsePasswd(bytes: Uint8Array): PasswdEntry[] {
  const entries: PasswdEntry[] = [];
  for (const [name = '', , uid = '', gid = '', , home = ''] of fields(bytes)) {
    const userId = strictId(uid);
    const groupId = strictId(gid);
    if (name !== '' && userId !== null && groupId !== null) entries.push({ name, userId, groupId, home: home || '/' });
  }
  return entries;
}

function parseGroup(bytes: Uint8Array): GroupEntry[] {
  const entries: GroupEntry[] = [];
  for (const [name = '', , gid = '', members = ''] of fields(bytes)) {
    const groupId = strictId(gid);
    if (name !== '' && groupId !== null) entries.push({ name, groupId, members: members.split(',') });
  }
  return entries;
}

function fields(bytes: Uint8Array): string[][] {
  if (bytes.byteLength > MAX_BYTES) {
    throw new BerthError('USER_INVALID', `the passwd or group file of the container has more than ${MAX_BYTES} bytes`);
  }
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line.length <= MAX_LINE_LENGTH)
    .map((line) => line.split(':'));
}
