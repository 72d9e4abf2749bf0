import type { Fault, FaultPoint } from '../fault.ts';
import type {
  ContentClient,
  ImageStore,
  LayerStore,
  LeaseList,
  SnapshotDirectories,
  SnapshotStore,
  StagedLayer,
} from '../ports.ts';

/** All that lasts. */
export interface LastingPorts {
  readonly content: ContentClient;
  readonly images: ImageStore;
  readonly layers: LayerStore;
  readonly leases: LeaseList;
  readonly directories: SnapshotDirectories;
  readonly snapshots: SnapshotStore;
}

/** The same ports; each tells the fault of what it has changed, so that a test can crash the service there. */
export function withFaults(ports: LastingPorts, fault: Fault): LastingPorts {
  const { content, images, layers, leases, directories, snapshots } = ports;

  /** Told as soon as the method has returned: what it promises may still be on its way. */
  function then<Args extends unknown[], Result>(point: FaultPoint, method: (...args: Args) => Result) {
    return (...args: Args): Result => {
      const result = method(...args);
      fault(point);
      return result;
    };
  }

  function later<Args extends unknown[], Result>(point: FaultPoint, method: (...args: Args) => Promise<Result>) {
    return async (...args: Args): Promise<Result> => {
      const result = await method(...args);
      fault(point);
      return result;
    };
  }

  const placing = (staged: StagedLayer): StagedLayer => ({ ...staged, commit: then('layer:placed', staged.commit) });

  return {
    content: {
      ...content,
      ingest: later('content:ingested', content.ingest),
      setLease: later('content:leased', content.setLease),
    },
    images: {
      ...images,
      commit: then('image:committed', images.commit),
      addReference: then('image:tagged', images.addReference),
      removeReferences: then('image:untagged', images.removeReferences),
      remove: then('image:removed', images.remove),
      markSynced: then('image:synced', images.markSynced),
    },
    layers: {
      ...layers,
      unpack: async (...args) => placing(await later('layer:staged', layers.unpack)(...args)),
      copy: async (...args) => placing(await later('layer:copied', layers.copy)(...args)),
      remove: then('layer:trashed', layers.remove),
      sync: later('layers:synced', layers.sync),
    },
    leases: {
      ...leases,
      add: then('lease:noted', leases.add),
      remove: then('lease:forgotten', leases.remove),
    },
    directories: {
      ...directories,
      create: then('snapshot:made', directories.create),
      remove: then('snapshot:trashed', directories.remove),
    },
    snapshots: {
      ...snapshots,
      insert: then('snapshot:row', snapshots.insert),
      remove: then('snapshot:forgotten', snapshots.remove),
    },
  };
}
