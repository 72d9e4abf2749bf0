import type { ContainerFileTool } from '@berth/layers';
import type { VolumeFiles } from '../ports.ts';

/** Reads and writes volumes with berth-layer, shut into the directory of each. */
export function createLayerVolumeFiles(tool: ContainerFileTool): VolumeFiles {
  return {
    copy: (fromDir, toDir, signal) => tool.copy(fromDir, toDir, signal),
    async *archive(directory, signal) {
      const parts = tool.archive({ directory }, '/', { follow: false, whole: false, signal });
      for await (const part of parts) if (part instanceof Uint8Array) yield part;
    },
    extract: (directory, data, signal) =>
      tool.extract({ directory }, '/', { keepPlace: false, owner: null, data, signal }),
  };
}
