import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Network } from './network/network.ts';
import type { ContainerEvent, NetworkStore } from './ports/stores.ts';

/** A store under test, and what was told of it. */
export interface NetworkStoreUnderTest {
  readonly networks: NetworkStore;
  readonly events: () => readonly ContainerEvent[];
  readonly close: () => void;
}

const EVENT: ContainerEvent = { noun: 'network', verb: 'create', objectId: 'n', attributes: { name: 'n' } };

function aNetwork(name: string, createTimeNs: bigint): Network {
  return {
    id: name.padEnd(64, '0'),
    name,
    driver: 'bridge',
    ipv4: true,
    ipv6: true,
    subnets: [{ subnet: '10.1.0.0/16', ipRange: '', gateway: '10.1.0.1', auxiliaryAddresses: { a: '10.1.0.9' } }],
    internal: true,
    attachable: false,
    options: { o: 'v' },
    labels: { l: '' },
    createTimeNs,
  };
}

/** What every network store keeps its promise of. */
export function networkStoreContract(name: string, open: () => NetworkStoreUnderTest): void {
  describe(`a network store (${name})`, () => {
    let store: NetworkStoreUnderTest;
    beforeEach(() => {
      store = open();
    });
    afterEach(() => store.close());

    test('keeps networks whole, oldest first, and tells', () => {
      const [old, young] = [aNetwork('b', 1_700_000_000_000_000_001n), aNetwork('a', 1_700_000_000_000_000_002n)];
      store.networks.insert(old, 'br-b', [EVENT]);
      store.networks.insert(young, 'br-a', []);
      expect(store.networks.list()).toEqual([old, young]);
      expect(store.events()).toEqual([EVENT]);
    });

    test('refuses a name twice, and then tells nothing', () => {
      store.networks.insert(aNetwork('a', 1n), 'br-a', []);
      const again = { ...aNetwork('a', 2n), id: 'f'.repeat(64) };
      expect(() => store.networks.insert(again, 'br-f', [EVENT])).toThrow('network with name a already exists');
      expect([store.networks.list().length, store.events()]).toEqual([1, []]);
    });

    test('knows of each bridge that no network stands for', () => {
      const network = aNetwork('a', 1n);
      store.networks.noteBridge('br-a');
      store.networks.noteBridge('br-a');
      expect(store.networks.listBridges()).toEqual(['br-a']);
      store.networks.insert(network, 'br-a', []);
      expect(store.networks.listBridges()).toEqual([]);
      store.networks.remove(network.id, 'br-a', [EVENT]);
      expect([store.networks.list(), store.networks.listBridges()]).toEqual([[], ['br-a']]);
      store.networks.forgetBridge('br-a');
      store.networks.forgetBridge('br-a');
      expect([store.networks.listBridges(), store.events()]).toEqual([[], [EVENT]]);
    });
  });
}
