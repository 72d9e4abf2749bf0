import { connectService, type EnginePaths } from '@berth/client';
import { isBerthError } from '@berth/errors';
import { ImageServiceDefinition } from '@berth/proto/image';
import { RegistryServiceDefinition } from '@berth/proto/registry';

/** The engine's images over kept gRPC connections. */
export interface ImageApi extends Disposable {
  pull(reference: string): Promise<void>;
  /** Removes an image, if it is there, and what was downloaded of it. */
  remove(reference: string, digests: readonly string[]): Promise<void>;
}

export function openImageApi(paths: EnginePaths): ImageApi {
  const images = connectService(ImageServiceDefinition, paths.socket('image-service'));
  const registry = connectService(RegistryServiceDefinition, paths.socket('registry-gateway'));
  return {
    async pull(reference) {
      for await (const event of images.client.pullImage({ reference })) void event;
    },
    async remove(name, digests) {
      await images.client.deleteImage({ name, force: true }).catch((error: unknown) => {
        if (!isBerthError(error, 'IMAGE_NOT_FOUND')) throw error;
      });
      for (const digest of digests) {
        await registry.client.deleteBlob({ digest }).catch((error: unknown) => {
          if (!isBerthError(error, 'BLOB_IN_USE')) throw error;
        });
      }
    },
    [Symbol.dispose]() {
      images.close();
      registry.close();
    },
  };
}
