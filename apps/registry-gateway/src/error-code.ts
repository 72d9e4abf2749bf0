/** The code of a system error (`ENOENT`); null when what was thrown has none. */
export function errorCode(error: unknown): string | null {
  const isCoded = typeof error === 'object' && error !== null && 'code' in error;
  return isCoded && typeof error.code === 'string' ? error.code : null;
}
