const enabled = process.env['BERTH_TRACE_NATIVE'] === '1';

/** With BERTH_TRACE_NATIVE=1, writes each call to the native helper to stderr, one line of JSON each. */
export function traceNative(call: string, fields: Record<string, unknown>): void {
  if (!enabled) return;
  const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value);
  process.stderr.write(`${JSON.stringify({ native: call, at: performance.now(), ...fields }, plain)}\n`);
}
