import { connectService, type EnginePaths } from '@berth/client';
import type { LogForm } from '@berth/proto/container';
import { ContainerServiceDefinition, MountType } from '@berth/proto/container';

/** A directory of the host at a path of a container, read-only. */
export interface BindMount {
  readonly source: string;
  readonly target: string;
}

/** What else a container has. */
export interface StartOptions {
  readonly bind?: BindMount;
  /** `none`; default: bridge. */
  readonly network?: string;
  /** A port of the container that is published on any port of the host: `80/tcp`. */
  readonly publish?: string;
  /** Is asked for what no network knows. */
  readonly nameServer?: string;
}

/** A container that runs. */
export interface StartedContainer {
  readonly id: string;
  readonly pid: number;
}

/** The engine over one kept gRPC connection. */
export interface BerthApi extends Disposable {
  /** Creates a container, runs a command in it to its end, and gives its id. Throws when it fails. */
  run(command: readonly string[], options?: StartOptions): Promise<string>;
  /** The same, without waiting for its end. */
  start(command: readonly string[], options?: StartOptions): Promise<StartedContainer>;
  /** The host's address on a container's network, and the host's port that its first published port has. */
  publishedAt(container: string): Promise<{ readonly gateway: string; readonly port: number }>;
  /** The address of a container on its network, and the host's. */
  addressOf(container: string): Promise<{ readonly gateway: string; readonly address: string }>;
  createNetwork(name: string): Promise<void>;
  removeNetwork(name: string): Promise<void>;
  /** The directory of the host that has its writable layer. */
  upperDirOf(container: string): Promise<string>;
  /** Runs a command in a container and gives its stdout. Throws when it fails. */
  exec(container: string, command: readonly string[]): Promise<string>;
  /** Waits for a container's end. */
  wait(container: string): Promise<void>;
  stop(container: string): Promise<void>;
  remove(container: string): Promise<void>;
  /** Makes an image without a name of a container, and gives its id. */
  commit(container: string): Promise<string>;
  /** How many paths a container has changed. */
  diff(container: string): Promise<number>;
  /** How many containers there are. */
  count(): Promise<number>;
  /** Reads a whole log, as text or line by line, and tells how many bytes it has. */
  readLog(container: string, form: LogForm): Promise<number>;
}

export function openBerthApi(paths: EnginePaths, image: string): BerthApi {
  const { client, close } = connectService(ContainerServiceDefinition, paths.socket('container-service'));

  async function run(command: readonly string[], detach: boolean, options: StartOptions = {}) {
    const { bind, network = '', publish, nameServer } = options;
    const dnsServers = nameServer === undefined ? [] : [nameServer];
    const outcome = { id: '', pid: 0, exitCode: null as number | null };
    const mounts = bind === undefined ? [] : [{ type: MountType.BIND, ...bind, readonly: true }];
    const portBindings = publish === undefined ? [] : [{ containerPort: publish }];
    const value = {
      config: { image, command: [...command], mounts, networkMode: network, portBindings, dnsServers },
      detach,
    };
    for await (const { event } of client.runContainer(only({ request: { $case: 'start' as const, value } }))) {
      if (event?.$case === 'created') outcome.id = event.value.id;
      if (event?.$case === 'started') outcome.pid = event.value.pid;
      if (event?.$case === 'exited') outcome.exitCode = event.value.exitCode;
    }
    return outcome;
  }

  return {
    async run(command, options) {
      const { id, exitCode } = await run(command, false, options);
      checkExit(command, exitCode);
      return id;
    },
    start: (command, options) => run(command, true, options),
    async publishedAt(id) {
      const { container } = await client.getContainer({ container: id });
      const port = container?.publishedPorts[0]?.hostPort ?? 0;
      return { gateway: container?.network?.gateway ?? '', port };
    },
    async addressOf(id) {
      const { container } = await client.getContainer({ container: id });
      const { gateway = '', address = '' } = container?.networks[0] ?? {};
      return { gateway, address };
    },
    async createNetwork(name) {
      await client.createNetwork({ name });
    },
    async removeNetwork(network) {
      await client.deleteNetwork({ network });
    },
    async upperDirOf(id) {
      const { container } = await client.getContainer({ container: id });
      return container?.rootDirectories?.upper ?? '';
    },
    async exec(container, command) {
      let exitCode: number | null = null;
      const output: Uint8Array[] = [];
      const request = { request: { $case: 'start' as const, value: { container, command: [...command] } } };
      for await (const { event } of client.execContainer(only(request))) {
        if (event?.$case === 'exited') exitCode = event.value.exitCode;
        const chunk = event?.$case === 'output' ? event.value.output : undefined;
        if (chunk?.$case === 'stdout' || chunk?.$case === 'stderr') output.push(chunk.value);
      }
      checkExit(command, exitCode);
      return Buffer.concat(output).toString();
    },
    async wait(container) {
      await client.waitContainer({ container });
    },
    async stop(container) {
      await client.stopContainer({ container });
    },
    async remove(container) {
      await client.deleteContainer({ container, force: true });
    },
    commit: async (container) => (await client.commitContainer({ container })).imageId,
    diff: async (container) => (await client.diffContainer({ container })).changes.length,
    count: async () => (await client.listContainers({ all: true })).containers.length,
    async readLog(container, form) {
      let bytes = 0;
      for await (const { entries } of client.readLogs({ container, form })) {
        for (const { data } of entries) bytes += data.length;
      }
      return bytes;
    },
    [Symbol.dispose]: close,
  };
}

function checkExit(command: readonly string[], exitCode: number | null): void {
  if (exitCode !== 0) throw new Error(`"${command.join(' ')}" in a container exited with ${exitCode}`);
}

/** A stream of one request: nobody types into these containers. */
async function* only<Request>(request: Request): AsyncGenerator<Request> {
  yield request;
}
