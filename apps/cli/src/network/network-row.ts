import type { Network } from '@berth/proto/container';
import { formatGoTimeNano } from '../format/go-time.ts';
import type { Row, RowFormat } from '../format/rows.ts';
import { shortId } from '../format/text.ts';

export const NETWORK_FORMAT: RowFormat = {
  typeName: '*network.networkContext',
  headers: {
    ID: 'NETWORK ID',
    Name: 'NAME',
    Driver: 'DRIVER',
    Scope: 'SCOPE',
    IPv4: 'IPV4',
    IPv6: 'IPV6',
    Internal: 'INTERNAL',
    Labels: 'LABELS',
    CreatedAt: 'CREATED AT',
  },
  columns: ['ID', 'Name', 'Driver', 'Scope'],
};

/** A network as `network ls` shows it. */
export function networkRow(network: Network, { noTrunc }: { noTrunc: boolean }): Row {
  return {
    ID: noTrunc ? network.id : shortId(network.id),
    Name: network.name,
    Driver: network.driver,
    Scope: 'local',
    IPv4: String(network.ipv4),
    IPv6: String(network.ipv6),
    Internal: String(network.internal),
    Labels: Object.entries(network.labels)
      .map(([name, value]) => `${name}=${value}`)
      .sort()
      .join(','),
    CreatedAt: network.createTime ? formatGoTimeNano(network.createTime) : '',
    Label: (name) => network.labels[name] ?? '',
  };
}
