import { expect, test } from '@jest/globals';
import type { PortBinding } from '../container-config.ts';
import { createPortPool } from './port-pool.ts';

const createPool = () => createPortPool(() => ({ first: 32_768, last: 32_770 }));

function binding(first = 0, last = first, hostAddress = '', containerPort = '80/tcp'): PortBinding {
  return { containerPort, hostAddress, firstHostPort: first, lastHostPort: last };
}

const holder = (id: string) => ({ id, address: '172.17.0.2', address6: '' });
const ports = (taken: readonly { hostPort: number }[]) => taken.map(({ hostPort }) => hostPort);

test('a port is one container’s, until that gives it back', () => {
  const pool = createPool();
  expect(pool.take(holder('a'), [binding(80)])).toEqual([
    { containerPort: '80/tcp', hostAddress: '0.0.0.0', hostPort: 80 },
  ]);
  expect(() => pool.take(holder('b'), [binding(80)])).toThrow('Bind for 0.0.0.0:80 failed: port is already allocated');
  expect(pool.all()).toEqual([pool.of('a')]);
  pool.release('a');
  pool.release('a');
  expect(ports(pool.take(holder('b'), [binding(80)]))).toEqual([80]);
});

test('one address does not stand in the way of another, nor tcp in that of udp, but all addresses do', () => {
  const pool = createPool();
  pool.take(holder('a'), [binding(80, 80, '127.0.0.1'), binding(80, 80, '127.0.0.2'), binding(80, 80, '', '80/udp')]);
  expect(() => pool.take(holder('b'), [binding(80)])).toThrow('Bind for 0.0.0.0:80 failed');
  expect(() => pool.take(holder('b'), [binding(80, 80, '127.0.0.2')])).toThrow('Bind for 127.0.0.2:80 failed');
  expect(() => pool.take(holder('b'), [binding(80, 80, '10.0.0.1', '80/udp')])).toThrow('Bind for 10.0.0.1:80 failed');
});

test('a range gives the first port that is free, and none that another program has', () => {
  const pool = createPool();
  pool.claim(holder('a'), [{ containerPort: '80/tcp', hostAddress: '0.0.0.0', hostPort: 8000 }]);
  expect(ports(pool.take(holder('b'), [binding(8000, 8003)], new Set(['0.0.0.0:8001/tcp'])))).toEqual([8002]);
  expect(ports(pool.take(holder('c'), [binding(8000, 8003)]))).toEqual([8001]);
});

test('a start gets all of its ports or none', () => {
  const pool = createPool();
  expect(() => pool.take(holder('a'), [binding(80), binding(81), binding(80)])).toThrow('port is already allocated');
  expect(pool.of('a')).toBeNull();
  expect(ports(pool.take(holder('b'), [binding(80), binding(81)]))).toEqual([80, 81]);
});

test('free ports are gone through in turn, and can run out', () => {
  const pool = createPool();
  expect(ports(pool.take(holder('a'), [binding()]))).toEqual([32_768]);
  pool.release('a');
  expect(ports(pool.take(holder('b'), [binding(), binding()]))).toEqual([32_769, 32_770]);
  expect(ports(pool.take(holder('c'), [binding()]))).toEqual([32_768]);
  expect(() => pool.take(holder('d'), [binding()])).toThrow('all ports are allocated');
});

test('all addresses are those of the families that a container has, at one port', () => {
  const pool = createPool();
  const dual = { ...holder('a'), address6: 'fd00::2' };
  const only6 = { ...dual, id: 'b', address: '' };
  const texts = (taken: readonly { hostAddress: string; hostPort: number }[]) =>
    taken.map(({ hostAddress, hostPort }) => `${hostAddress} ${hostPort}`);
  expect(texts(pool.take(dual, [binding(80)]))).toEqual(['0.0.0.0 80', ':: 80']);
  expect(() => pool.take(only6, [binding(80)])).toThrow('Bind for :::80 failed: port is already allocated');
  expect(() => pool.take(only6, [binding(80, 80, 'FD00:0::9')])).toThrow('Bind for fd00::9:80 failed');
  expect(pool.holdersOf([binding(80, 80, 'fd00::9')])).toEqual(['a']);
  // A range goes on where either family is taken.
  expect(texts(pool.take(only6, [binding(81, 81, '::')]))).toEqual([':: 81']);
  pool.release('a');
  expect(texts(pool.take(dual, [binding(80, 83)], new Set(['[::]:80/tcp'])))).toEqual(['0.0.0.0 82', ':: 82']);
  expect(() => pool.take(holder('c'), [binding(90, 90, '::')])).toThrow('port 80/tcp cannot be published at ::');
  expect(() => pool.take({ ...only6, id: 'd' }, [binding(90, 90, '127.0.0.1')])).toThrow('no address of that family');
});
