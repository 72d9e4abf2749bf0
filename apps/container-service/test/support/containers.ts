import { connectService } from '@berth/client';
import {
  ContainerServiceDefinition,
  MountType,
  type Container,
  type ContainerConfig,
  type ContainerServiceClient,
  type ExecContainerStart,
  type MountConfig,
  type ProcessExit,
  type ProcessInput,
  type ProcessOutput,
  type RunContainerStart,
} from '@berth/proto/container';
import type { TestEngine } from '@berth/testkit';

/** A config that asks for nothing but `busybox`. */
export const DEFAULT_CONFIG: ContainerConfig = {
  image: 'busybox',
  command: [],
  entrypoint: [],
  entrypointSet: false,
  environment: [],
  workingDirectory: '',
  user: '',
  hostname: '',
  terminal: false,
  openStdin: false,
  stdinOnce: false,
  autoRemove: false,
  labels: {},
  networkMode: '',
  networks: [],
  mounts: [],
  volumesFrom: [],
  volumeDriver: '',
  additionalGroups: [],
  capabilitiesAdd: [],
  capabilitiesDrop: [],
  privileged: false,
  seccompProfile: '',
  apparmorProfile: '',
  readonlyRoot: false,
  pidMode: '',
  ipcMode: '',
  utsMode: '',
  cgroupNamespaceMode: '',
  extraHosts: [],
  dnsServers: [],
  dnsSearch: [],
  dnsOptions: [],
  init: false,
  systemPathsUnconfined: false,
  writableCgroups: undefined,
  securityOptions: [],
  domainName: '',
  annotations: {},
  noNewPrivileges: false,
  stopSignal: '',
  stopTimeoutSeconds: undefined,
  restartPolicy: undefined,
  logConfig: undefined,
  healthCheck: undefined,
  exposedPorts: [],
  portBindings: [],
  publishAllPorts: false,
  attachedStreams: [],
  containerIdFile: '',
  resources: undefined,
  sysctls: {},
  oomScoreAdj: 0,
  devices: [],
  deviceCgroupRules: [],
  deviceRequests: [],
  // BERTH_TEST_USERNS=1 gives the containers of every test a user namespace.
  userNamespaceMode: process.env['BERTH_TEST_USERNS'] === '1' ? 'auto' : '',
};

/** A mount as `-v` asks for it. */
export function aMount(fields: Partial<MountConfig>): MountConfig {
  return {
    type: MountType.VOLUME,
    source: '',
    target: '/data',
    readonly: false,
    tmpfsOptions: '',
    mode: '',
    propagation: '',
    recursion: '',
    subpath: '',
    noCopy: false,
    driver: '',
    driverOptions: {},
    volumeLabels: {},
    ...fields,
  };
}

/** What a process printed and how it ended. */
export interface Outcome {
  id: string;
  stdout: string;
  stderr: string;
  exit: ProcessExit | null;
}

/** What to run, besides the command. */
export interface RunOptions extends Partial<Omit<RunContainerStart, 'config'>> {
  readonly config?: Partial<ContainerConfig>;
  readonly inputs?: AsyncIterable<ProcessInput>;
  readonly signal?: AbortSignal;
  /** Called with all of stdout so far. */
  readonly onStdout?: (text: string) => void;
}

/** The containers of a test's engine. */
export interface TestContainers extends Disposable {
  readonly client: ContainerServiceClient;
  run(command: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Starts `sh -c <script>` detached and returns its id. */
  startDetached(script: string, options?: RunOptions): Promise<string>;
  exec(container: string, command: readonly string[], options?: Partial<ExecContainerStart>): Promise<Outcome>;
  get(container: string): Promise<Container>;
  logs(container: string, options?: { tail?: bigint; follow?: boolean }): Promise<string>;
  removeAll(): Promise<void>;
  close(): void;
}

/** Connects to the containers of an engine. */
export function connectContainers(engine: TestEngine): TestContainers {
  const { client, close } = connectService(ContainerServiceDefinition, engine.paths.socket('container-service'));

  async function run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const { config, inputs, signal, onStdout = () => {}, ...rest } = options;
    const start: RunContainerStart = {
      name: '',
      detach: false,
      terminalSize: undefined,
      ...rest,
      config: { ...DEFAULT_CONFIG, ...config, command: [...command] },
    };
    const outcome: Outcome = { id: '', stdout: '', stderr: '', exit: null };
    for await (const { event } of client.runContainer(requests(start, inputs), signal ? { signal } : {})) {
      if (event?.$case === 'created') outcome.id = event.value.id;
      if (event?.$case === 'exited') outcome.exit = event.value;
      if (event?.$case === 'output') addOutput(outcome, event.value);
      if (event?.$case === 'output') onStdout(outcome.stdout);
    }
    return outcome;
  }

  async function exec(
    container: string,
    command: readonly string[],
    options: Partial<ExecContainerStart> = {},
  ): Promise<Outcome> {
    const start: ExecContainerStart = {
      container,
      command: [...command],
      environment: [],
      workingDirectory: '',
      user: '',
      terminal: false,
      terminalSize: undefined,
      openStdin: false,
      detach: false,
      privileged: false,
      ...options,
    };
    const outcome: Outcome = { id: '', stdout: '', stderr: '', exit: null };
    for await (const { event } of client.execContainer(requests(start))) {
      if (event?.$case === 'exited') outcome.exit = event.value;
      if (event?.$case === 'output') addOutput(outcome, event.value);
    }
    return outcome;
  }

  return {
    client,
    run,
    exec,
    startDetached: async (script, options) => (await run(['sh', '-c', script], { ...options, detach: true })).id,
    async get(container) {
      return (await client.getContainer({ container })).container as Container;
    },
    async logs(container, { tail, follow = false } = {}) {
      const pieces: Buffer[] = [];
      for await (const { entries } of client.readLogs({ container, follow, tail })) {
        pieces.push(...entries.map(({ data }) => data));
      }
      return Buffer.concat(pieces).toString();
    },
    async removeAll() {
      const { containers } = await client.listContainers({ all: true });
      await Promise.all(
        containers.map(({ id }) => client.deleteContainer({ container: id, force: true, volumes: true })),
      );
    },
    close,
    [Symbol.dispose]: close,
  };
}

function addOutput(outcome: Outcome, { output }: ProcessOutput): void {
  if (output?.$case === 'stdout') outcome.stdout += output.value.toString();
  if (output?.$case === 'stderr') outcome.stderr += output.value.toString();
}

/** A request stream: the start, then the inputs. */
export async function* requests<Start>(start: Start, inputs?: AsyncIterable<ProcessInput>) {
  yield { request: { $case: 'start' as const, value: start } };
  for await (const value of inputs ?? []) yield { request: { $case: 'input' as const, value } };
}

/** Stdin in one piece, then its end. */
export async function* stdin(text: string): AsyncGenerator<ProcessInput> {
  yield { input: { $case: 'stdin', value: Buffer.from(text) } };
  yield { input: { $case: 'stdinEnd', value: {} } };
}
