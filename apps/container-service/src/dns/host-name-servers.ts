import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import type { NameServer } from './forward-query.ts';

const DNS_PORT = 53;
/** As many as the C library asks (resolv.conf(5)). */
const MAX_SERVERS = 3;
const LOOK_AGAIN_MS = 1000;

/** The servers of a resolv.conf(5), in order. */
export function parseNameServers(text: string): NameServer[] {
  return text
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? '')
    .filter((address) => isIP(address.split('%', 1)[0] ?? '') !== 0)
    .slice(0, MAX_SERVERS)
    .map((address) => ({ address, port: DNS_PORT }));
}

/** The host's servers, which change when it moves from one network to another; none when the file is missing. */
export function createHostNameServers(path: string, nowMs: () => number): () => readonly NameServer[] {
  let known: readonly NameServer[] = [];
  let changedAt: number | null = null;
  let lookedAt = -Infinity;
  return () => {
    if (nowMs() - lookedAt < LOOK_AGAIN_MS) return known;
    lookedAt = nowMs();
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
    if (changed === changedAt) return known;
    changedAt = changed;
    known = changed === null ? [] : parseNameServers(readFileSync(path, 'utf8'));
    return known;
  };
}
