import type { VolumeEvent, VolumeStore, VolumeWithUses } from '../ports.ts';
import type { Volume } from '../volume.ts';

/** A VolumeStore that forgets, for tests; `events` are what it was told. */
export function createMemoryVolumeStore(): VolumeStore & { readonly events: VolumeEvent[] } {
  const volumes = new Map<string, Volume>();
  const deleting = new Set<string>();
  const uses = new Map<string, Set<string>>();
  const events: VolumeEvent[] = [];
  const lastUses = new Map<string, number>();
  const renaming = new Map<string, string>();

  function get(name: string): VolumeWithUses | null {
    const volume = volumes.get(name);
    if (volume === undefined || deleting.has(name)) return null;
    return { ...volume, containerIds: [...(uses.get(name) ?? [])], lastUseTimeMs: lastUses.get(name) ?? null };
  }

  return {
    events,
    insert(volume, event) {
      if (volumes.has(volume.name)) return;
      volumes.set(volume.name, volume);
      events.push(event);
    },
    get,
    list() {
      return [...volumes.keys()]
        .sort()
        .map(get)
        .filter((volume) => volume !== null);
    },
    addUse(name, containerId, timeMs) {
      const users = uses.get(name) ?? new Set();
      if (!users.has(containerId)) lastUses.set(name, timeMs);
      uses.set(name, users.add(containerId));
    },
    removeUses(containerId, timeMs) {
      const names = [...uses].filter(([, users]) => users.delete(containerId)).map(([name]) => name);
      for (const name of names) lastUses.set(name, timeMs);
      return names;
    },
    markRenaming(name, newName) {
      const volume = get(name);
      if (volume === null || volume.containerIds.length > 0 || get(newName) !== null) return false;
      renaming.set(name, newName);
      return true;
    },
    listRenaming: () => [...renaming].map(([name, newName]) => ({ name, newName })),
    rename(name, newName, event) {
      const volume = volumes.get(name);
      if (volume === undefined || !renaming.delete(name)) return;
      volumes.delete(name);
      volumes.set(newName, { ...volume, name: newName });
      const lastUse = lastUses.get(name);
      if (lastUse !== undefined) lastUses.set(newName, lastUse);
      events.push(event);
    },
    markDeleting(name) {
      const volume = get(name);
      if (volume === null || volume.containerIds.length > 0) return false;
      deleting.add(name);
      return true;
    },
    listDeleting: () => [...deleting],
    tell: (event) => void events.push(event),
    remove(name, event) {
      if (!deleting.delete(name)) return;
      volumes.delete(name);
      uses.delete(name);
      events.push(event);
    },
  };
}
