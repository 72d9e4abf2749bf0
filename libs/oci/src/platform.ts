import { BerthError } from '@berth/errors';

/** A platform, normalized: `amd64` never `x86_64`, and null for the variant that an architecture has anyway. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  /** `v7`, `v3`; null when absent, and for arm64/v8 and amd64/v1. */
  readonly variant: string | null;
}

const ARCHITECTURE_ALIASES: Readonly<Record<string, { architecture: string; variant?: string }>> = {
  i386: { architecture: '386' },
  x86_64: { architecture: 'amd64' },
  'x86-64': { architecture: 'amd64' },
  aarch64: { architecture: 'arm64' },
  armhf: { architecture: 'arm', variant: 'v7' },
  armel: { architecture: 'arm', variant: 'v6' },
};
const KNOWN_OS = new Set(['linux', 'windows', 'darwin', 'macos', 'freebsd', 'netbsd', 'openbsd', 'solaris', 'illumos']);
const KNOWN_ARCHITECTURES = new Set(
  '386 amd64 arm arm64 loong64 mips mipsle mips64 mips64le ppc64 ppc64le riscv64 s390x wasm'.split(' '),
);
const COMPONENT = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** The platform of this process. */
export function hostPlatform(): Platform {
  const names: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', loong64: 'loong64' };
  const isLittleEndianPower = process.arch === 'ppc64';
  const architecture = isLittleEndianPower ? 'ppc64le' : (names[process.arch] ?? process.arch);
  return normalizePlatform({ os: process.platform, architecture, variant: null });
}

/** Parses `os`, `arch`, `os/arch` or `os/arch/variant`; what is not given is the host's. Throws INVALID_ARGUMENT. */
export function parsePlatform(text: string, host: Platform = hostPlatform()): Platform {
  const parts = text.split('/');
  if (parts.length > 3 || !parts.every((part) => COMPONENT.test(part))) {
    throw new BerthError('INVALID_ARGUMENT', `"${text}" is an invalid OS component: the form is os[/arch[/variant]]`);
  }
  const [first = '', architecture, variant = null] = parts;
  if (architecture !== undefined) return normalizePlatform({ os: first, architecture, variant });
  return parseOnePart(first, host);
}

/** The text form: `linux/amd64`, `linux/arm/v7`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant === null || variant === '' ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/** Brings names that mean the same into one form, by containerd's rules. */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase() === 'macos' ? 'darwin' : platform.os.toLowerCase();
  const name = platform.architecture.toLowerCase();
  const alias = Object.hasOwn(ARCHITECTURE_ALIASES, name) ? ARCHITECTURE_ALIASES[name] : undefined;
  const architecture = alias?.architecture ?? name;
  const variant = alias?.variant ?? platform.variant?.toLowerCase() ?? '';
  return { os, architecture, variant: normalizeVariant(architecture, variant) };
}

/**
 * The platforms whose programs a host runs, best first: an amd64 also runs lower levels and 386, an arm its lower versions, an arm64
 * also 32-bit arm (https://github.com/containerd/platforms/blob/main/compare.go).
 */
export function compatiblePlatforms(host: Platform): Platform[] {
  const { os, architecture, variant } = normalizePlatform(host);
  const of = (arch: string, versions: readonly (string | null)[]) =>
    versions.map((version) => ({ os, architecture: arch, variant: version }));
  switch (architecture) {
    case 'amd64':
      return [...of('amd64', [...levelsDownTo(2, variant), null]), ...of('386', [null])];
    case 'arm':
      return of('arm', levelsDownTo(5, variant));
    case 'arm64':
      return [...of('arm64', arm64Variants(variant)), ...of('arm', levelsDownTo(5, 'v8'))];
    default:
      return of(architecture, [variant]);
  }
}

/** Tells whether a host runs programs of a platform. */
export function matchesPlatform(host: Platform, platform: Platform): boolean {
  const wanted = formatPlatform(normalizePlatform(platform));
  return compatiblePlatforms(host).some((candidate) => formatPlatform(candidate) === wanted);
}

function parseOnePart(part: string, host: Platform): Platform {
  if (KNOWN_OS.has(part.toLowerCase())) return normalizePlatform({ ...host, os: part });
  const platform = normalizePlatform({ os: host.os, architecture: part, variant: null });
  if (KNOWN_ARCHITECTURES.has(platform.architecture)) return platform;
  throw new BerthError('INVALID_ARGUMENT', `"${part}": unknown operating system or architecture`);
}

function normalizeVariant(architecture: string, variant: string): string | null {
  const version = /^\d/.test(variant) ? `v${variant}` : variant;
  if (architecture === 'amd64' && version === 'v1') return null;
  if (architecture === 'arm64' && (version === 'v8' || version === 'v8.0')) return null;
  if (architecture === 'arm64' && version === 'v9.0') return 'v9';
  if (architecture === 'arm' && version === '') return 'v7';
  return version === '' ? null : version;
}

/** `v3` down to `v<lowest>`; an unknown variant stands alone. */
function levelsDownTo(lowest: number, variant: string | null): string[] {
  if (variant === null) return [];
  const level = /^v([1-9])$/.exec(variant)?.[1];
  if (level === undefined) return [variant];
  return Array.from({ length: Math.max(0, Number(level) - lowest + 1) }, (_, index) => `v${Number(level) - index}`);
}

/** v9.x has all of v8.(x+5), and each minor version all lower ones. */
function arm64Variants(variant: string | null): (string | null)[] {
  const match = /^v([89])(?:\.(\d))?$/.exec(variant ?? 'v8');
  if (match === null) return [variant, null];
  const minor = Number(match[2] ?? 0);
  const v8 = (from: number) => Array.from({ length: from }, (_, index) => `v8.${from - index}`);
  if (match[1] === '8') return [...v8(minor), null];
  const v9 = Array.from({ length: minor }, (_, index) => `v9.${minor - index}`);
  return [...v9, 'v9', ...v8(Math.min(minor + 5, 9)), null];
}
