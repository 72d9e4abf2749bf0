import { describe, expect, test } from '@jest/globals';
import { decode, encode, type Packet, type RecordType } from 'dns-packet';
import { answerQuery, answersSameQuestion, fitDatagram, type Verdict } from './answer-query.ts';
import { createNameTable, type NamedContainer } from './name-table.ts';

const PLACE = { networkId: 'n1', networkName: 'front', names: ['web', 'many'], addresses: ['172.18.0.2', 'fd00::2'] };
const WEB: NamedContainer = { id: 'c1', places: [PLACE], nameServers: [], forwards: true };

describe('an answer', () => {
  test('has the addresses of the asked family', () => {
    expect(answersOf(ask('web', 'A'))).toEqual([{ type: 'A', data: '172.18.0.2' }]);
    expect(answersOf(ask('WEB.front', 'AAAA'))).toEqual([{ type: 'AAAA', data: 'fd00::2' }]);
  });

  test("is empty, not another server's, for another record of a known name", () => {
    expect(answersOf(ask('web', 'MX'))).toEqual([]);
    expect(answersOf(ask('web', 'HTTPS' as RecordType))).toEqual([]);
  });

  test('repeats the id, the question and the wish for recursion, and says EDNS to those who do', () => {
    const query = aQuery('web', 'A', { id: 0xabcd, flags: 0x100, additionals: [anOpt(4096)] });
    const response = responseOf(verdict(query));
    expect(response).toMatchObject({
      id: 0xabcd,
      flag_rd: true,
      flag_ra: true,
      questions: [{ name: 'web', type: 'A' }],
    });
    expect(response.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
    expect(responseOf(ask('web', 'A')).additionals).toEqual([]);
  });

  test('names the holder of an address', () => {
    expect(answersOf(ask('2.0.18.172.in-addr.arpa', 'PTR'))).toEqual([{ type: 'PTR', data: 'web.front' }]);
    const nibbles = `2${'0'.repeat(27)}00df`.split('').join('.');
    expect(answersOf(ask(`${nibbles}.ip6.arpa`, 'PTR'))).toEqual([{ type: 'PTR', data: 'web.front' }]);
  });

  test('takes turns', () => {
    const reverse = (list: readonly string[]): string[] => [...list].reverse();
    const table = createNameTable();
    table.set(WEB);
    table.set({ ...WEB, id: 'c2', places: [{ ...PLACE, addresses: ['172.18.0.3'] }] });
    const result = answerQuery(aQuery('many', 'A'), { table, from: '172.18.0.2', shuffle: reverse });
    expect(answersOf(result).map(({ data }) => data)).toEqual(['172.18.0.3', '172.18.0.2']);
  });
});

describe('what no network knows', () => {
  test('is forwarded', () => {
    expect(ask('example.com', 'A')).toMatchObject({ kind: 'forward', client: { id: 'c1' } });
    expect(ask('9.0.18.172.in-addr.arpa', 'PTR')).toMatchObject({ kind: 'forward' });
  });

  test('fails when nothing may leave the network', () => {
    expect(responseOf(ask('example.com', 'A', { ...WEB, forwards: false }))).toMatchObject({ rcode: 'SERVFAIL' });
  });
});

describe('bad messages', () => {
  test('a response or a fragment of a header gets nothing', () => {
    expect(verdict(encode({ type: 'response', questions: [{ name: 'web', type: 'A' }] }))).toEqual({ kind: 'ignore' });
    expect(verdict(Buffer.alloc(11))).toEqual({ kind: 'ignore' });
  });

  test('what cannot be read, or asks twice, is a format error; another operation is not implemented', () => {
    const query = aQuery('web', 'A', { id: 7 });
    const twice = encode({
      type: 'query',
      questions: [
        { name: 'web', type: 'A' },
        { name: 'web', type: 'AAAA' },
      ],
    });
    const update = Buffer.from(query);
    update.writeUInt8(5 << 3, 2);
    expect(responseOf(verdict(query.subarray(0, -3)))).toMatchObject({ id: 7, rcode: 'FORMERR' });
    expect(responseOf(verdict(twice))).toMatchObject({ rcode: 'FORMERR' });
    expect(responseOf(verdict(update))).toMatchObject({ id: 7, rcode: 'NOTIMP' });
  });

  test('a stranger is refused', () => {
    const table = createNameTable();
    expect(responseOf(answerQuery(aQuery('web', 'A'), { table, from: '10.0.0.1', shuffle: same }))).toMatchObject({
      rcode: 'REFUSED',
    });
  });

  test('a name that the DNS has no room for is not told', () => {
    const holder = { ...WEB, places: [{ ...PLACE, names: ['a'.repeat(70)] }] };
    expect(answersOf(ask('2.0.18.172.in-addr.arpa', 'PTR', holder))).toEqual([]);
  });

  test('ten thousand broken queries throw nothing', () => {
    const query = aQuery('web', 'A', { additionals: [anOpt(512)] });
    for (let round = 0; round < 10_000; round++) {
      const broken = Buffer.from(query);
      for (let flips = 0; flips <= round % 4; flips++)
        broken[Math.floor(Math.random() * broken.length)] = Math.floor(Math.random() * 256);
      const whole = broken.subarray(0, round % 3 === 0 ? Math.floor(Math.random() * broken.length) : undefined);
      expect(() => verdict(whole)).not.toThrow();
      expect(() => answersSameQuestion(query, whole)).not.toThrow();
      if (whole.length >= 12) expect(() => fitDatagram(whole, Buffer.alloc(600))).not.toThrow();
    }
  });
});

describe('a datagram', () => {
  const answers = Array.from({ length: 60 }, (_, index) => ({
    type: 'A' as const,
    name: 'web',
    data: `10.0.0.${index}`,
  }));
  const long = encode({ type: 'response', id: 9, flags: 0x80, questions: [{ name: 'web', type: 'A' }], answers });

  test('that is too long has the answers that fit, and asks for TCP', () => {
    const datagram = fitDatagram(aQuery('web', 'A'), long);
    expect(datagram.length).toBeLessThanOrEqual(512);
    const fitted = decode(datagram);
    expect(fitted).toMatchObject({ id: 9, flag_tc: true, questions: [{ name: 'web', type: 'A' }] });
    expect(fitted.answers?.map((answer) => (answer as { data?: unknown }).data)).toEqual(
      answers.slice(0, 25).map(({ data }) => data),
    );
  });

  test('may be as long as the client says', () => {
    expect(fitDatagram(aQuery('web', 'A', { additionals: [anOpt(4096)] }), long)).toBe(long);
  });
});

test('a response answers its own question only, in any case', () => {
  const query = aQuery('Example.com', 'A');
  const respond = (name: string, type: RecordType): Buffer => encode({ type: 'response', questions: [{ name, type }] });
  expect(answersSameQuestion(query, respond('exAmple.com', 'A'))).toBe(true);
  expect(answersSameQuestion(query, respond('example.org', 'A'))).toBe(false);
  expect(answersSameQuestion(query, respond('example.com', 'AAAA'))).toBe(false);
  expect(answersSameQuestion(query, query)).toBe(false);
});

function same(list: readonly string[]): string[] {
  return [...list];
}

function verdict(query: Buffer, client = WEB): Verdict {
  const table = createNameTable();
  table.set(client);
  return answerQuery(query, { table, from: '172.18.0.2', shuffle: same });
}

function ask(name: string, type: RecordType, client = WEB): Verdict {
  return verdict(aQuery(name, type), client);
}

function aQuery(name: string, type: RecordType, extra: Packet = {}): Buffer {
  return encode({ type: 'query', questions: [{ name, type }], ...extra });
}

function anOpt(udpPayloadSize: number): NonNullable<Packet['additionals']>[number] {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
}

function responseOf(result: Verdict): ReturnType<typeof decode> {
  if (result.kind !== 'answer') throw new Error(`no answer but ${result.kind}`);
  return decode(result.response);
}

function answersOf(result: Verdict): { type: string; data: unknown }[] {
  return (responseOf(result).answers ?? []).map((answer) => ({
    type: answer.type,
    data: 'data' in answer ? answer.data : null,
  }));
}
