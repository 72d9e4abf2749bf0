// gRPC's length-prefixed messages (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).

const PREFIX_SIZE = 5;
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Puts the prefix before an encoded message. */
export function encodeMessage(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_SIZE + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_SIZE);
  return framed;
}

/** Cuts data into whole messages, without their prefixes. Throws on a compressed or an oversized message. */
export function createMessageReader(): (data: Buffer) => Buffer[] {
  let chunks: Buffer[] = [];
  let have = 0;
  let need = PREFIX_SIZE;
  return (data) => {
    chunks.push(data);
    have += data.length;
    const messages: Buffer[] = [];
    while (have >= need) {
      const bytes = chunks.length === 1 ? (chunks[0] ?? data) : Buffer.concat(chunks);
      chunks = [bytes];
      need = PREFIX_SIZE + messageLength(bytes);
      if (have < need) break;
      messages.push(bytes.subarray(PREFIX_SIZE, need));
      chunks = [bytes.subarray(need)];
      have -= need;
      need = PREFIX_SIZE;
    }
    return messages;
  };
}

function messageLength(bytes: Buffer): number {
  if (bytes[0] !== 0) throw new Error('gRPC: a compressed message, although none was asked for');
  const length = bytes.readUInt32BE(1);
  if (length > MAX_MESSAGE_BYTES) throw new Error(`gRPC: a message of ${length} bytes`);
  return length;
}
