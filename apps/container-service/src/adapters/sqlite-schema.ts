/** The schema, oldest version first. */
export const CONTAINER_MIGRATIONS: readonly string[] = [
  `CREATE TABLE containers (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     status TEXT NOT NULL,
     create_time_ns INTEGER NOT NULL,
     spec TEXT NOT NULL,
     state TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE leftovers (
     container_id TEXT PRIMARY KEY,
     address TEXT,
     volumes TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE execs (
     id TEXT PRIMARY KEY,
     container_id TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE settings (
     key TEXT PRIMARY KEY,
     value TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;`,
  `UPDATE containers SET
     spec = json_set(spec, '$.config.restartPolicy', json('{"name":"no","maximumRetryCount":0}')),
     state = json_set(state, '$.stoppedByUser', json('false'), '$.restartCount', 0, '$.restartDelayMs', 0);`,
  `UPDATE containers SET spec = json_set(
     spec, '$.entrypointCount', 0, '$.exposedPorts', json('[]'),
     '$.config.exposedPorts', json('[]'), '$.config.attachedStreams', json('[]'), '$.config.containerIdFile', '');`,
  `ALTER TABLE leftovers ADD COLUMN first_user_id INTEGER;
   UPDATE containers SET spec = json_set(spec, '$.firstUserId', json('null'), '$.config.userNamespaceMode', 'host');`,
  `UPDATE containers SET
     spec = json_set(spec, '$.config.healthCheck', json('null'), '$.healthCheck', json('null'), '$.shell', json('[]')),
     state = json_set(state, '$.health', json('null'));`,
  `UPDATE containers SET spec = json_set(spec, '$.config.logConfig', json('{"driver":"json-file","options":{}}'));`,
  `CREATE TABLE networks (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     create_time_ns INTEGER NOT NULL,
     network TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE noted_bridges (
     bridge TEXT PRIMARY KEY
   ) STRICT, WITHOUT ROWID;`,
  `UPDATE containers SET state = json_set(state, '$.publishedPorts', json('[]'));`,
  `UPDATE containers SET
     spec = json_set(spec, '$.config.networks', json(CASE json_extract(spec, '$.config.networkMode')
       WHEN 'bridge'
       THEN '[{"network":"bridge","aliases":[],"address":"","hardwareAddress":"","gatewayPriority":0}]'
       ELSE '[]' END)),
     state = json_set(state, '$.furtherEndpoints', json('[]'));
   UPDATE containers SET state = json_set(
     state, '$.endpoint.networkId', (SELECT value FROM settings WHERE key = 'network.id'),
     '$.endpoint.network', 'bridge', '$.endpoint.driver', 'bridge', '$.endpoint.interfaceName', 'eth0')
   WHERE json_type(state, '$.endpoint') = 'object';`,
  `UPDATE networks SET network = json_set(network, '$.ipv4', json('true'), '$.ipv6', json('false'));
   UPDATE containers SET
     spec = json_set(spec, '$.config.networks', (
       SELECT json_group_array(json_set(value, '$.ipv6Address', '')) FROM json_each(spec, '$.config.networks'))),
     state = json_set(state, '$.furtherEndpoints', (
       SELECT json_group_array(json_set(value, '$.ipv6', json('null'))) FROM json_each(state, '$.furtherEndpoints')));
   UPDATE containers SET state = json_set(state, '$.endpoint.ipv6', json('null'))
   WHERE json_type(state, '$.endpoint') = 'object';`,
  `UPDATE containers SET state = json_set(state, '$.apparmorProfile', '');`,
  `UPDATE containers SET spec = json_set(spec, '$.config.networks', (
     SELECT json_group_array(json_set(value, '$.driverOptions', json('{}'), '$.linkLocalAddresses', json('[]')))
     FROM json_each(spec, '$.config.networks')));`,
];
