const GO_NAMES: Record<string, string> = { x64: 'amd64', x86_64: 'amd64', aarch64: 'arm64', armv7l: 'arm' };

/** Node's or the kernel's name of an architecture → Go's and OCI's. */
export function goArchitecture(name: string): string {
  return GO_NAMES[name] ?? name;
}
