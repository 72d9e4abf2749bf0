import { createBringLayer, type FetchLayer } from './bring-layer.ts';
import { createNames } from './directory-names.ts';
import { createGate } from './gate.ts';
import type { Layer } from './image.ts';
import type { LayerPhase, LayerProgress } from './layer-progress.ts';
import type { ImageStore, LayerStore, StagedLayer, UnpackRequest } from './ports.ts';

export interface LayerRequest {
  readonly diffId: string;
  /** The size of the blob. */
  readonly sizeBytes: number;
  readonly fetch: FetchLayer;
  /** The part of the file that is the layer. Default: all of it. */
  readonly range?: UnpackRequest['range'];
  readonly onProgress: (progress: LayerProgress) => void;
  /** Ends this request; the work goes on while another waits for the same layer. */
  readonly signal: AbortSignal;
}

/** A layer that is here and stays while it is held. */
export interface HeldLayer {
  readonly layer: Layer;
  /** Lets go. A layer that belongs to no image and that nobody else holds is removed. Idempotent. */
  release(): void;
}

/** The layers of this host, those that are on their way included. */
export interface LayerPool {
  /** Returns the layer, fetching and unpacking it if it is not here. Callers that want the same layer share the work. */
  acquire(request: LayerRequest): Promise<HeldLayer>;
  /** Takes a layer whose diffID nobody knows before it is staged. */
  adopt(stage: () => Promise<StagedLayer>, signal: AbortSignal): Promise<HeldLayer>;
  /** Takes a layer of which nothing is known before it is here, unpacked while it comes. */
  bring(fetch: FetchLayer, signal: AbortSignal): Promise<HeldLayer>;
  /** Holds layers that are here; the function lets go. */
  hold(layers: readonly Layer[]): () => void;
  /** True while a layer is held, or on its way. */
  isPinned(diffId: string): boolean;
  /** Removes the directories of layers whose rows are gone. */
  discard(layers: readonly Layer[]): void;
  /** Resolves when no work and no removal is under way. */
  settle(): Promise<void>;
}

export interface LayerPoolDeps {
  readonly store: Pick<ImageStore, 'findLayer' | 'collect' | 'listLayers'>;
  readonly layers: LayerStore;
  readonly maxDownloads: number;
  readonly maxUnpacks: number;
  readonly onRemovalFailed: (name: string, error: unknown) => void;
}

/** One layer that somebody wants. */
interface Flight {
  readonly diffId: string;
  readonly controller: AbortController;
  readonly listeners: Set<(progress: LayerProgress) => void>;
  last: LayerProgress;
  holders: number;
  work: Promise<Layer> | null;
  /** The layer, from when its directory is in place: it may have no row yet. */
  placed: Layer | null;
}

export function createLayerPool({
  store,
  layers,
  maxDownloads,
  maxUnpacks,
  onRemovalFailed,
}: LayerPoolDeps): LayerPool {
  const flights = new Map<string, Flight>();
  const running = new Set<Promise<unknown>>();
  // One slot is always left for what is here, however slowly the others come.
  const slots = createGate(maxUnpacks + 1);
  const unpacks = createGate(maxUnpacks, slots);
  const gates = { unpacks, earlyUnpacks: createGate(maxUnpacks, slots) };
  const bringLayer = createBringLayer({ ...gates, layers, downloads: createGate(maxDownloads) });
  // What users send waits for no registry.
  const bringSent = createBringLayer({ ...gates, layers, downloads: createGate(Infinity) });
  const nextName = createNames([...layers.list(), ...store.listLayers().map((layer) => layer.name)]);
  const isPinned = (diffId: string): boolean => flights.has(diffId);

  function track<Result>(promise: Promise<Result>): Promise<Result> {
    const settled = promise.catch(() => {}).finally(() => running.delete(settled));
    running.add(settled);
    return promise;
  }

  function discard(unused: readonly Layer[]): void {
    for (const { name } of unused) {
      void track(layers.remove(name)).catch((error: unknown) => onRemovalFailed(name, error));
    }
  }

  function report(flight: Flight, phase: LayerPhase, currentBytes: number, totalBytes: number): void {
    flight.last = { phase, currentBytes, totalBytes };
    for (const listener of flight.listeners) listener(flight.last);
  }

  function open(diffId: string, phase: LayerPhase, totalBytes: number): Flight {
    const last = { phase, currentBytes: 0, totalBytes };
    const controller = new AbortController();
    const flight: Flight = { diffId, controller, listeners: new Set(), last, holders: 0, work: null, placed: null };
    flights.set(diffId, flight);
    return flight;
  }

  async function bring(flight: Flight, request: LayerRequest): Promise<Layer> {
    const { diffId, sizeBytes } = request;
    const { signal } = flight.controller;
    const onProgress = (phase: LayerPhase, bytes: number): void => report(flight, phase, bytes, sizeBytes);
    const staged = await bringLayer({ ...request, report: onProgress, signal });
    if (signal.aborted) await staged.discard();
    signal.throwIfAborted();
    const layer = { name: nextName(), diffId, sizeBytes: staged.sizeBytes, root: staged.root };
    staged.commit(layer.name);
    flight.placed = layer;
    report(flight, 'complete', sizeBytes, sizeBytes);
    return layer;
  }

  function start(request: LayerRequest): Flight {
    const known = store.findLayer(request.diffId);
    const flight = open(request.diffId, known === null ? 'waiting' : 'already exists', request.sizeBytes);
    flight.work = known === null ? track(bring(flight, request)) : Promise.resolve(known);
    return flight;
  }

  /** The last holder is gone: stops the work, or decides whether the layer stays. */
  function abandon(flight: Flight): void {
    flight.controller.abort();
    forget(flight);
    const hasRow = store.findLayer(flight.diffId) !== null;
    if (hasRow) discard(store.collect(isPinned).layers);
    else if (flight.placed !== null) discard([flight.placed]);
  }

  function forget(flight: Flight): void {
    if (flights.get(flight.diffId) === flight) flights.delete(flight.diffId);
  }

  function hold(flight: Flight): () => void {
    let held = true;
    flight.holders++;
    return () => {
      if (!held) return;
      held = false;
      if (--flight.holders === 0) abandon(flight);
    };
  }

  async function acquire(request: LayerRequest): Promise<HeldLayer> {
    const { diffId, signal, onProgress } = request;
    signal.throwIfAborted();
    const flight = flights.get(diffId) ?? start(request);
    const release = hold(flight);
    flight.listeners.add(onProgress);
    onProgress(flight.last);
    try {
      return { layer: await unlessAborted(flight.work as Promise<Layer>, signal), release };
    } catch (error) {
      // The work has failed, and who comes next starts anew; or only this caller has gone, and others still wait for it.
      if (!signal.aborted) forget(flight);
      release();
      throw error;
    } finally {
      flight.listeners.delete(onProgress);
    }
  }

  /** The flight of a layer that has just come; what was staged takes its place unless it is here already. */
  function land(staged: StagedLayer): Flight {
    const { diffId, sizeBytes, root } = staged;
    const known = flights.get(diffId) ?? flightOf(store.findLayer(diffId));
    if (known !== null) {
      void track(staged.discard()).catch((error: unknown) => onRemovalFailed(diffId, error));
      return known;
    }
    const layer = { name: nextName(), diffId, sizeBytes, root };
    staged.commit(layer.name);
    const flight = open(diffId, 'complete', 0);
    flight.placed = layer;
    flight.work = Promise.resolve(layer);
    return flight;
  }

  function flightOf(layer: Layer | null): Flight | null {
    if (layer === null) return null;
    const flight = open(layer.diffId, 'already exists', 0);
    flight.work = Promise.resolve(layer);
    return flight;
  }

  async function adopt(stage: () => Promise<StagedLayer>, signal: AbortSignal): Promise<HeldLayer> {
    return settleIn(await unpacks.run(signal, () => track(stage())), signal);
  }

  async function bringNew(fetch: FetchLayer, signal: AbortSignal): Promise<HeldLayer> {
    const request = { diffId: null, sizeBytes: null, fetch, report: () => {}, signal };
    return settleIn(await track(bringSent(request)), signal);
  }

  async function settleIn(staged: StagedLayer, signal: AbortSignal): Promise<HeldLayer> {
    const flight = land(staged);
    const release = hold(flight);
    try {
      return { layer: await unlessAborted(flight.work as Promise<Layer>, signal), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  function holdAll(held: readonly Layer[]): () => void {
    const releases = held.map((layer) => hold(flights.get(layer.diffId) ?? (flightOf(layer) as Flight)));
    return () => releases.forEach((release) => release());
  }

  return {
    acquire,
    adopt,
    bring: bringNew,
    hold: holdAll,
    isPinned,
    discard,
    async settle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
