export type { RootAttributes, UnpackedLayer } from './layer-report.ts';
export {
  startLayerTool,
  type LayerLimits,
  type LayerTool,
  type LayerToolOptions,
  type UnpackRequest,
} from './layer-tool.ts';
