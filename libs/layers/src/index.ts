export {
  unpackLayer,
  type LayerLimits,
  type RootAttributes,
  type UnpackedLayer,
  type UnpackOptions,
} from './unpack-layer.ts';
