/** A request that got no whole response. The message is the one that Docker, written in Go, shows for the same failure. */
export class TransportError extends Error {
  override readonly name = 'TransportError';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

interface SystemError {
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
  readonly message: string;
}

const CONNECT_TEXT: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
};

/** The text of a failed connection: `Get "https://host/v2/": dial tcp 10.0.0.1:443: connect: connection refused`. */
export function describeNetworkError(url: URL, error: Error): string {
  return `Get "${url.origin}/v2/": ${describeCause(url, firstOf(error))}`;
}

function describeCause(url: URL, { code = '', address, port, message }: SystemError): string {
  const connectText = CONNECT_TEXT[code];
  if (connectText !== undefined && address !== undefined) {
    return `dial tcp ${address.includes(':') ? `[${address}]` : address}:${port}: connect: ${connectText}`;
  }
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${url.hostname}: no such host`;
  if (code === 'EAI_AGAIN') return `dial tcp: lookup ${url.hostname}: temporary failure in name resolution`;
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return message === 'socket hang up' ? 'EOF' : 'connection reset by peer';
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER')
    return 'http: server gave HTTP response to HTTPS client';
  if (isCertificateError(code)) return `tls: failed to verify certificate: x509: ${message}`;
  return message;
}

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
function isCertificateError(code: string): boolean {
  return /CERT|^ERR_TLS|UNABLE_TO_|SELF_SIGNED|^HOSTNAME_MISMATCH/.test(code);
}

/** A name with several addresses fails with one error for each. */
function firstOf(error: Error): SystemError {
  const [first] = 'errors' in error ? (error.errors as Error[]) : [];
  return (first ?? error) as SystemError;
}
