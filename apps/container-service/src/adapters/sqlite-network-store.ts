import type { DatabaseSync } from 'node:sqlite';
import { BerthError } from '@berth/errors';
import type { Network } from '../network/network.ts';
import type { NetworkStore } from '../ports/stores.ts';
import type { Change } from './durability.ts';

/** Keeps networks in a service's database. */
export function createSqliteNetworkStore(database: DatabaseSync, change: Change): NetworkStore {
  const selectAll = database.prepare('SELECT network, create_time_ns FROM networks ORDER BY create_time_ns, id');
  selectAll.setReadBigInts(true);
  const selectName = database.prepare('SELECT id FROM networks WHERE name = ?');
  const insert = database.prepare('INSERT INTO networks (id, name, create_time_ns, network) VALUES (?, ?, ?, ?)');
  const deleteRow = database.prepare('DELETE FROM networks WHERE id = ?');
  const insertBridge = database.prepare('INSERT OR IGNORE INTO noted_bridges (bridge) VALUES (?)');
  const selectBridges = database.prepare('SELECT bridge FROM noted_bridges');
  const deleteBridge = database.prepare('DELETE FROM noted_bridges WHERE bridge = ?');

  return {
    list() {
      return selectAll.all().map((row) => {
        const stored = JSON.parse(String(row.network)) as Omit<Network, 'createTimeNs'>;
        return { ...stored, createTimeNs: row.create_time_ns as bigint };
      });
    },
    insert({ createTimeNs, ...stored }, bridge, events) {
      change('power-cut', events, () => {
        const { id, name } = stored;
        if (selectName.get(name) !== undefined) {
          throw new BerthError('NETWORK_EXISTS', `network with name ${name} already exists`);
        }
        insert.run(id, name, createTimeNs, JSON.stringify(stored));
        if (bridge !== null) deleteBridge.run(bridge);
      });
    },
    remove(id, bridge, events) {
      change('power-cut', events, () => {
        deleteRow.run(id);
        if (bridge !== null) insertBridge.run(bridge);
      });
    },
    tell: (events) => change('crash', events, () => {}),
    noteBridge(bridge) {
      change('crash', [], () => insertBridge.run(bridge));
    },
    listBridges: () => selectBridges.all().map((row) => String(row.bridge)),
    forgetBridge(bridge) {
      change('crash', [], () => deleteBridge.run(bridge));
    },
  };
}
