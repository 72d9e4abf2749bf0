import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineNetwork } from './network/engine-network.ts';
import type { Log } from './ports/log.ts';

const INTERVAL_MS = 5_000;

/** What watching needs. */
export interface WatchNetworkDeps {
  readonly network: Pick<EngineNetwork, 'repair'>;
  /** Whether any container needs it now. */
  readonly isUsed: () => boolean;
  readonly log: Log;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/**
 * Looks now and then whether somebody has flushed or deleted the engine's table, as a restart of a host's firewall does, and makes it anew.
 * The kernel would tell a listener of each change of every table, our own at each start too: a look costs less.
 */
export async function watchNetwork({ network, isUsed, log, signal }: WatchNetworkDeps): Promise<never> {
  for (;;) {
    await sleep(INTERVAL_MS, undefined, { signal, ref: false });
    if (!isUsed()) continue;
    try {
      if (await network.repair()) log.warn({}, 'the network was changed by somebody else, and is made anew');
    } catch (error) {
      log.warn({ err: error }, 'network not made anew, will try again');
    }
  }
}
