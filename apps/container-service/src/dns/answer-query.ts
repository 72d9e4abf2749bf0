import {
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  encodingLength,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
} from 'dns-packet';
import type { Answer, DecodedPacket, OptAnswer, Packet, Question } from 'dns-packet';
import type { NamedContainer, NameTable } from './name-table.ts';
import { reversedAddress } from './reversed-address.ts';

/** Response codes of RFC 1035 §4.1.1. */
export const RCODE = { formatError: 1, serverFailure: 2, notImplemented: 4, refused: 5 } as const;

/** How to answer a message. */
export type Verdict =
  | { readonly kind: 'answer'; readonly response: Buffer }
  /** No network of the client's knows it: to be asked elsewhere. */
  | { readonly kind: 'forward'; readonly client: NamedContainer }
  /** No query at all: whoever sent it gets nothing, so that two servers never keep each other busy. */
  | { readonly kind: 'ignore' };

/** What an answer depends on besides the query. */
export interface AnswerContext {
  readonly table: NameTable;
  /** Who asks, as an IP address. */
  readonly from: string;
  /** Gives addresses another order each time, so that clients that take the first take turns. */
  readonly shuffle: (addresses: readonly string[]) => string[];
}

const HEADER_BYTES = 12;
/** Type, class, time to live and length, which follow the name of a record. */
const RECORD_BYTES = 10;
/** The flag TC, in the header's third byte. */
const TRUNCATED = 0x02;
/** What a client takes over UDP that says nothing else (RFC 1035 §4.2.1), and what we say that we take (RFC 9715). */
const UDP_BYTES = 512;
const EDNS_BYTES = 1232;
const MAX_NAME = 253;
const MAX_LABEL = 63;
/** As Docker's resolver. */
const TTL_SECONDS = 600;

/** Answers a DNS message from the names of the asking container's networks. Never throws. */
export function answerQuery(message: Buffer, context: AnswerContext): Verdict {
  if (message.length < HEADER_BYTES || message.readUInt8(2) >= 0x80) return { kind: 'ignore' };
  if ((message.readUInt8(2) & 0x78) !== 0) return failure(message, RCODE.notImplemented);
  const query = decodeQuery(message);
  if (query === null) return failure(message, RCODE.formatError);
  const client = context.table.client(context.from);
  if (client === null) return failure(message, RCODE.refused);
  const answers = localAnswers(query.question, client, context);
  if (answers !== null) return { kind: 'answer', response: encode({ ...responseTo(query), answers }) };
  return client.forwards ? { kind: 'forward', client } : failure(message, RCODE.serverFailure);
}

/** A response that is a header alone. */
export function failureResponse(query: Buffer, rcode: number): Buffer {
  const response = Buffer.alloc(HEADER_BYTES);
  query.copy(response, 0, 0, 2);
  response.writeUInt8(0x80 | (query.readUInt8(2) & 0x79), 2);
  response.writeUInt8(0x80 | rcode, 3);
  return response;
}

/**
 * What of a response goes over UDP: all of it, or, when the client takes less, the answers that it does take and the request to ask again over
 * TCP, which the resolvers of busybox and of older musl never do.
 */
export function fitDatagram(message: Buffer, response: Buffer): Buffer {
  if (response.length <= UDP_BYTES) return response;
  const query = decodeQuery(message);
  if (query === null) return failureResponse(message, RCODE.formatError);
  const limit = Math.max(UDP_BYTES, edns(query.packet)?.udpPayloadSize ?? 0);
  if (response.length <= limit) return response;
  const { count, end } = fittingAnswers(response, questionEnd(query.question), limit);
  const truncated = Buffer.from(response.subarray(0, end));
  truncated.writeUInt8(truncated.readUInt8(2) | TRUNCATED, 2);
  truncated.writeUInt16BE(1, 4);
  truncated.writeUInt16BE(count, 6);
  truncated.writeUInt32BE(0, 8);
  return truncated;
}

/** How many answers lie below a limit, and where the last of them ends. A response from elsewhere may be broken. */
function fittingAnswers(response: Buffer, start: number, limit: number): { count: number; end: number } {
  let [count, end] = [0, start];
  for (const wanted = response.readUInt16BE(6); count < wanted; count++) {
    const fields = nameEnd(response, end);
    if (fields + RECORD_BYTES > limit) break;
    const next = fields + RECORD_BYTES + response.readUInt16BE(fields + RECORD_BYTES - 2);
    if (next > limit) break;
    end = next;
  }
  return { count, end };
}

/** Where a name ends that begins at a place: at its zero, or behind the reference to another one. */
function nameEnd(message: Buffer, start: number): number {
  let at = start;
  for (let length = message[at]; length !== undefined && length !== 0; length = message[at]) {
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
  }
  return at + 1;
}

/** Tells whether a response is one to the question of a query; letters may differ in case. */
export function answersSameQuestion(query: Buffer, response: Buffer): boolean {
  const asked = decodeQuery(query);
  if (asked === null || response.length < HEADER_BYTES || response.readUInt8(2) < 0x80) return false;
  const end = questionEnd(asked.question);
  const section = (message: Buffer): string => message.toString('latin1', HEADER_BYTES, end).toLowerCase();
  return section(query) === section(response);
}

interface Query {
  readonly packet: DecodedPacket;
  readonly question: Question;
}

/** Where the question ends in a message that begins with it. */
function questionEnd(question: Question): number {
  return encodingLength({ questions: [question] });
}

function decodeQuery(message: Buffer): Query | null {
  try {
    const packet = decode(message);
    const [question] = packet.questions ?? [];
    return question === undefined || packet.questions?.length !== 1 ? null : { packet, question };
  } catch {
    return null;
  }
}

/** Null: nothing here knows it. Empty: the name is known, and has nothing of this type. */
function localAnswers(question: Question, client: NamedContainer, { table, shuffle }: AnswerContext): Answer[] | null {
  const { name, type } = question;
  if (question.class !== 'IN') return null;
  if (type === 'PTR') {
    const address = reversedAddress(name);
    const data = address === null ? null : table.reverse(client, address);
    if (data === null) return null;
    return isDomainName(data) ? [{ type, class: 'IN', name, ttl: TTL_SECONDS, data }] : [];
  }
  const addresses = table.lookup(client, name);
  if (addresses === null) return null;
  if (type !== 'A' && type !== 'AAAA') return [];
  const wanted = addresses.filter((address) => address.includes(':') === (type === 'AAAA'));
  return shuffle(wanted).map((data) => ({ type, class: 'IN', name, ttl: TTL_SECONDS, data }));
}

/** A container's name can be longer than the DNS has room for (RFC 1035 §2.3.4). */
function isDomainName(name: string): boolean {
  return name.length <= MAX_NAME && name.split('.').every((label) => label.length > 0 && label.length <= MAX_LABEL);
}

function responseTo({ packet, question }: Query): Packet {
  const desired = (packet.flags ?? 0) & RECURSION_DESIRED;
  const opt: OptAnswer = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: EDNS_BYTES,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  return {
    type: 'response',
    ...(packet.id === undefined ? {} : { id: packet.id }),
    flags: desired | RECURSION_AVAILABLE | AUTHORITATIVE_ANSWER,
    questions: [question],
    additionals: edns(packet) === undefined ? [] : [opt],
  };
}

function edns(packet: DecodedPacket): OptAnswer | undefined {
  return packet.additionals?.find((record): record is OptAnswer => record.type === 'OPT');
}

function failure(query: Buffer, rcode: number): Verdict {
  return { kind: 'answer', response: failureResponse(query, rcode) };
}
