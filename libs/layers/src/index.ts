export type { RootAttributes, UnpackedLayer } from './layer-report.ts';
export {
  startLayerTool,
  type CommitRequest,
  type LayerLimits,
  type LayerTool,
  type LayerToolOptions,
  type SnapshotLayers,
  type UnpackRequest,
} from './layer-tool.ts';
export type { ChangeKind, PathChange } from './path-changes.ts';
