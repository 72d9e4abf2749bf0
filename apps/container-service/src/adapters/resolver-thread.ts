import { Worker } from 'node:worker_threads';
import type { ResolverReply } from '../dns/resolver-messages.ts';
import type { ResolverListener, ResolverThread } from '../dns/resolver.ts';

/** The bundle has the thread's file beside it, the source has it in its folder. */
const SCRIPT = import.meta.url.endsWith('.ts') ? '../dns/resolver-worker.ts' : './resolver-worker.js';
/** Its table has some hundred bytes for each container: a limit that is far away, so that no client makes the service grow. */
const HEAP_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 };

/** Starts the thread that answers DNS queries. */
export function startResolverThread(listener: ResolverListener): ResolverThread {
  const worker = new Worker(new URL(SCRIPT, import.meta.url), { name: 'resolver', resourceLimits: HEAP_LIMITS });
  let failure: Error | null = null;
  worker.on('message', (reply: ResolverReply) => {
    listener.reply(reply);
  });
  worker.on('error', (error) => {
    failure = error instanceof Error ? error : new Error(String(error));
  });
  worker.on('exit', () => {
    listener.ended(failure);
  });
  return {
    send(request) {
      worker.postMessage(request);
    },
    async end() {
      await worker.terminate();
    },
  };
}
