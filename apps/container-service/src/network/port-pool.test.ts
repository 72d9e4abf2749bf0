import { expect, test } from '@jest/globals';
import type { PortBinding } from '../container-config.ts';
import { createPortPool } from './port-pool.ts';

const createPool = () => createPortPool(() => ({ first: 32_768, last: 32_770 }));

function binding(first = 0, last = first, hostAddress = '', containerPort = '80/tcp'): PortBinding {
  return { containerPort, hostAddress, firstHostPort: first, lastHostPort: last };
}

const holder = (id: string) => ({ id, address: '172.17.0.2' });
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
