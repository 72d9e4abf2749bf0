import type { BerthApi, StartedContainer } from './berth-api.ts';

/** A container that runs until it is disposed of. */
export async function startSleeper(api: BerthApi): Promise<StartedContainer & AsyncDisposable> {
  const { id, pid } = await api.start(['sleep', '86400']);
  return { id, pid, [Symbol.asyncDispose]: () => api.remove(id) };
}
