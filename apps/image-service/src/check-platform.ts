import { BerthError } from '@berth/errors';
import { formatPlatform, matchesPlatform, parsePlatform } from '@berth/oci';

/** Checks that an image is for a platform; empty: any. Throws PLATFORM_NOT_FOUND, INVALID_ARGUMENT. */
export function checkPlatform(name: string, image: { readonly platform: string }, platform: string): void {
  if (platform === '') return;
  const wanted = parsePlatform(platform);
  if (matchesPlatform(wanted, parsePlatform(image.platform))) return;
  throw new BerthError(
    'PLATFORM_NOT_FOUND',
    `image with reference ${name} was found but does not match the specified platform: ` +
      `wanted ${formatPlatform(wanted)}, actual: ${image.platform}`,
  );
}
