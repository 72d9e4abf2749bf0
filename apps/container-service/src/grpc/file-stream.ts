import { BerthError } from '@berth/errors';
import type {
  CopyFromContainerResponse,
  CopyToContainerRequest,
  CopyToContainerStart,
  PathStat as ProtoStat,
} from '@berth/proto/container';
import type { PathStat } from '../ports/files.ts';
import { toTimestamp } from './convert.ts';

/** The same bytes as a Buffer, which the generated messages want, without a copy. */
export function bufferView(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function toProtoStat({ name, sizeBytes, mode, modifyTimeNs, linkTarget }: PathStat): ProtoStat {
  return { name, sizeBytes: BigInt(sizeBytes), mode, modifyTime: toTimestamp(modifyTimeNs), linkTarget };
}

export function toProtoCopyPart(part: PathStat | Uint8Array): NonNullable<CopyFromContainerResponse['part']> {
  if (part instanceof Uint8Array) return { $case: 'data', value: bufferView(part) };
  return { $case: 'stat', value: toProtoStat(part) };
}

/** Takes the first message of a copy off; the rest is the tar. Throws INVALID_ARGUMENT when it is not a start. */
export async function splitCopy(
  requests: AsyncIterable<CopyToContainerRequest>,
): Promise<{ start: CopyToContainerStart; data: AsyncGenerator<Uint8Array> }> {
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  const part = first.done === true ? undefined : first.value.part;
  if (part?.$case !== 'start') throw new BerthError('INVALID_ARGUMENT', 'the first message of a copy must be start');
  async function* data(): AsyncGenerator<Uint8Array> {
    for await (const request of { [Symbol.asyncIterator]: () => iterator }) {
      if (request.part?.$case !== 'data') throw new BerthError('INVALID_ARGUMENT', 'expected data after start');
      yield request.part.value;
    }
  }
  return { start: part.value, data: data() };
}
