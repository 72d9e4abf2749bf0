export {
  startContainerFileTool,
  type ArchiveOptions,
  type ContainerFileTool,
  type ContainerProcess,
  type DirectoryRoot,
  type FileRoot,
  type ExtractOptions,
} from './container-file-tool.ts';
export type { PathStat, RootAttributes, UnpackedLayer } from './layer-report.ts';
export {
  startLayerTool,
  type CommitRequest,
  type CompressRequest,
  type LayerLimits,
  type LayerStacks,
  type LayerTool,
  type PackRequest,
  type SnapshotLayers,
  type UnpackRequest,
} from './layer-tool.ts';
export type { ChangeKind, PathChange } from './path-changes.ts';
