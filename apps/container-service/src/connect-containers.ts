import { BerthError, isBerthError } from '@berth/errors';
import { createKeyedLock } from '@berth/service-kit';
import type { ActiveContainers } from './active-containers.ts';
import {
  heldAddressesOf,
  endpointsOf,
  changedRoutes,
  gatewaysOf,
  isActive,
  type Container,
  type Endpoint,
  type Routes,
} from './container.ts';
import type { NetworkAttachment } from './container-config.ts';
import { endpointEvent } from './events.ts';
import type { Fault } from './fault.ts';
import { findContainer } from './find-container.ts';
import { joinedContainer } from './isolation.ts';
import { allowsIpv6, attachmentsOf, byGateway, plainAttachment } from './network/attachments.ts';
import type { ContainerNames } from './network/container-names.ts';
import type { ContainerPlaces } from './network/container-places.ts';
import { changeHosts, hostnames } from './network/name-files.ts';
import { interfaceNameAt } from './network/interface-name.ts';
import type { Network } from './network/network.ts';
import type { Networks } from './network/networks.ts';
import { resolveAttachment } from './network/resolve-networks.ts';
import type { PlanBuilder } from './plan/build-plan.ts';
import type { PortPublisher } from './publish-ports.ts';
import type { ContainerFiles } from './ports/files.ts';
import type { Log } from './ports/log.ts';
import type { Runtime } from './ports/runtime.ts';
import type { ContainerEvent, ContainerStore } from './ports/stores.ts';

/** What connecting needs. */
export interface ConnectDeps {
  readonly store: ContainerStore;
  readonly runtime: Pick<Runtime, 'connect' | 'disconnect' | 'interfacesOf'>;
  readonly files: Pick<ContainerFiles, 'paths' | 'readNames' | 'rewriteNames'>;
  readonly plans: Pick<PlanBuilder, 'hostInterface'>;
  readonly actives: ActiveContainers;
  readonly networks: Networks;
  readonly places: ContainerPlaces;
  readonly names: ContainerNames;
  readonly publisher: Pick<PortPublisher, 'renew'>;
  readonly fault: Fault;
  readonly log: Log;
}

/** Puts containers on networks and takes them off, whether they run or not. */
export interface ContainerConnector {
  /** Throws NETWORK_NOT_FOUND, INVALID_ARGUMENT, NETWORK_CONNECTED, and of one that runs what a start throws for its networks. */
  connect(reference: string, attachment: NetworkAttachment): Promise<void>;
  /** Throws NETWORK_NOT_FOUND, INVALID_ARGUMENT, NETWORK_NOT_CONNECTED. With `force` what is gone is no error. */
  disconnect(reference: string, network: string, options: { force: boolean }): Promise<void>;
  /** Finishes or undoes, of a container that runs, what a crash has interrupted. */
  reconcile(containerId: string): Promise<void>;
}

/**
 * A container that runs has a place on each network that its config names. One that comes on a network has the place first, then the
 * interface, then the name in its config; one that leaves loses them the other way round. So the rows tell what a crash has interrupted.
 */
export function createContainerConnector(deps: ConnectDeps): ContainerConnector {
  const { store, runtime, files, plans, networks, places, names, publisher, fault, log } = deps;
  /** One change of a container at a time. */
  const changes = createKeyedLock();

  /** The rows of a container, once it is known whether it starts. */
  async function settled(id: string): Promise<Container> {
    await deps.actives.get(id)?.started.catch(() => {});
    return findContainer(store, id);
  }

  function writePlaces(container: Container, endpoints: readonly Endpoint[]): Container {
    const attachments = attachmentsOf(container.config);
    const ordered = byGateway(
      endpoints.map((endpoint) => ({
        endpoint,
        network: networks.find(endpoint.networkId),
        attachment:
          attachments.find(({ network }) => network === endpoint.network) ?? plainAttachment(endpoint.network),
      })),
    );
    const [endpoint = null, ...furtherEndpoints] = ordered.map((place) => place.endpoint);
    const after = { ...container, state: { ...container.state, endpoint, furtherEndpoints } };
    store.replace(container, after, []);
    return after;
  }

  function writeAttachments(id: string, attachments: readonly NetworkAttachment[], events: ContainerEvent[]): void {
    const { state: _, ...spec } = findContainer(store, id);
    store.redefine({ ...spec, config: { ...spec.config, networks: attachments } }, events);
  }

  /** Gives a place back that is still the container's: one that has ended has given it back itself. */
  function dropPlace(id: string, endpoint: Endpoint): void {
    const { networkId } = endpoint;
    const container = store.get(id);
    if (container === null || !isActive(container)) return;
    const endpoints = endpointsOf(container);
    if (!endpoints.some((each) => each.networkId === networkId)) return;
    writePlaces(
      container,
      endpoints.filter((each) => each.networkId !== networkId),
    );
    releaseAddresses(endpoint);
  }

  function releaseAddresses(endpoint: Endpoint): void {
    for (const address of heldAddressesOf(endpoint)) networks.release(address);
  }

  async function plug(container: Container, endpoint: Endpoint, routes: Routes): Promise<void> {
    await networks.ensure(networks.find(endpoint.networkId));
    const nameServer = names.loopbackServerOf(container);
    const connection = { interface: places.interfaceAt(container, endpoint), ...routes, nameServer };
    await runtime.connect(files.paths(container.id).stateDir, connection);
  }

  /** The default routes go over to the first of the places that stay. */
  async function unplug(container: Container, endpoint: Endpoint): Promise<void> {
    const { id } = container;
    const before = endpointsOf(container);
    const left = before.filter(({ networkId }) => networkId !== endpoint.networkId);
    const routes = changedRoutes(before, left);
    const hostInterface = plans.hostInterface(id, endpoint.interfaceName);
    const interfaceName = endpoint.driver === 'bridge' ? '' : endpoint.interfaceName;
    const [first = null, ...further] = left;
    const nameServer = names.loopbackServerOf({
      ...container,
      state: { ...container.state, endpoint: first, furtherEndpoints: further },
    });
    await runtime.disconnect(files.paths(id).stateDir, { hostInterface, interfaceName, ...routes, nameServer });
  }

  /**
   * Writes the name files of a container that runs as they are on these networks. Done before its row has them: what is interrupted is then seen by
   * the row.
   */
  function writeNames(id: string, attachments: readonly NetworkAttachment[]): void {
    const stored = store.get(id);
    if (stored === null || !isActive(stored)) return;
    const container = { ...stored, config: { ...stored.config, networks: attachments } };
    const { resolvConf, hosts } = places.nameFiles(container);
    const ownNames = hostnames(container.hostname, container.config.names.domainName);
    files.rewriteNames(id, { resolvConf, hosts: changeHosts(files.readNames(id).hosts, hosts, ownNames) });
  }

  async function announce(id: string): Promise<void> {
    const container = store.get(id);
    if (container !== null && isActive(container)) await names.announce(container);
  }

  async function connectRunning(container: Container, network: Network, attachment: NetworkAttachment): Promise<void> {
    const { id } = container;
    const before = endpointsOf(container);
    const ipv6 = allowsIpv6(container.config);
    const names = before.map(({ interfaceName }) => interfaceName);
    const interfaceName = interfaceNameAt(network, attachment, { names, asked: [] });
    const endpoint = networks.take(network, { ...attachment, interfaceName, ipv6 });
    let after: Container;
    try {
      const { config } = container;
      const current = attachmentsOf(config).filter(({ network: name }) => before.some((each) => each.network === name));
      const wanted = { ...container, config: { ...config, networks: [...current, attachment] } };
      after = writePlaces(wanted, [...before, endpoint]);
    } catch (error) {
      releaseAddresses(endpoint);
      throw error;
    }
    fault('network-connect:row');
    try {
      await plug(after, endpoint, changedRoutes(before, endpointsOf(after)));
    } catch (error) {
      dropPlace(id, endpoint);
      // One that has ended meanwhile is on the network from its next start.
      if (!isBerthError(error, 'CONTAINER_NOT_RUNNING')) throw error;
    }
    fault('network-connect:attached');
    if (isPublishedElsewhere(before, endpointsOf(after))) await publishAnew(id, endpoint);
    fault('network-connect:published');
    writeNames(id, after.config.networks);
    writeAttachments(id, after.config.networks, [endpointEvent(container, 'connect', endpoint)]);
    await announce(id);
  }

  /** What cannot be published undoes the connection. */
  async function publishAnew(id: string, endpoint: Endpoint): Promise<void> {
    try {
      await publisher.renew(id);
    } catch (error) {
      await unplug(findContainer(store, id), endpoint);
      dropPlace(id, endpoint);
      await renewPorts(id);
      throw error;
    }
  }

  /** What cannot be published any more is told: nobody can be refused for it. */
  async function renewPorts(id: string): Promise<void> {
    await publisher.renew(id).catch((error: unknown) => {
      log.warn(
        { containerId: id, err: error },
        'ports of a container are not published on the network that it is left with',
      );
    });
  }

  async function disconnectRunning(container: Container, endpoint: Endpoint): Promise<void> {
    await unplug(container, endpoint);
    fault('network-disconnect:detached');
    dropPlace(container.id, endpoint);
    fault('network-disconnect:row');
    if (container.state.endpoint?.networkId === endpoint.networkId) await renewPorts(container.id);
    fault('network-disconnect:published');
    const rest = attachmentsOf(container.config).filter(({ network }) => network !== endpoint.network);
    writeNames(container.id, rest);
    writeAttachments(container.id, rest, [endpointEvent(container, 'disconnect', endpoint)]);
    await announce(container.id);
  }

  /** Makes the kernel agree with the rows: a place is plugged in, or, when it is not one of the container's networks, given back. Tells whether it did not. */
  async function restorePlaces(container: Container): Promise<boolean> {
    const attachments = attachmentsOf(container.config);
    const interfaces = runtime.interfacesOf(container.state.pid);
    let changed = false;
    for (const endpoint of endpointsOf(container)) {
      const isNamed = attachments.some(({ network }) => network === endpoint.network);
      if (isNamed && interfaces.includes(endpoint.interfaceName)) continue;
      changed = true;
      if (isNamed) {
        await plug(container, endpoint, {
          ...gatewaysOf(endpointsOf(container), endpoint),
          gatewayInterface: endpoint.interfaceName,
          gateway6Interface: endpoint.interfaceName,
        });
      } else {
        await unplug(findContainer(store, container.id), endpoint);
        dropPlace(container.id, endpoint);
      }
    }
    return changed;
  }

  return {
    connect(reference, asked) {
      const network = networks.find(asked.network);
      const { id } = findContainer(store, reference);
      return changes.run(id, async () => {
        const container = await settled(id);
        checkModes(container, network);
        const attachment = resolveAttachment(network, asked);
        const attachments = container.config.networks;
        if (attachments.some((each) => each.network === network.name)) {
          const text = `endpoint with name ${container.name} already exists in network ${network.name}`;
          throw new BerthError('NETWORK_CONNECTED', text);
        }
        if (isActive(container)) await connectRunning(container, network, attachment);
        else writeAttachments(id, [...attachments, attachment], []);
      });
    },
    async disconnect(reference, networkReference, { force }) {
      const id = containerId(reference, force);
      if (id === null) return;
      const network = networks.find(networkReference);
      await changes.run(id, async () => {
        const container = await settled(id);
        checkModes(container, network);
        const endpoint = endpointsOf(container).find(({ networkId }) => networkId === network.id);
        if (isActive(container) && endpoint !== undefined) return disconnectRunning(container, endpoint);
        const { networks: attachments } = container.config;
        const rest = attachments.filter((each) => each.network !== network.name);
        if (rest.length < attachments.length) return writeAttachments(id, rest, []);
        const the = isActive(container) ? '' : 'the ';
        const text = `container ${id} is not connected to ${the}network ${network.name}`;
        throw new BerthError('NETWORK_NOT_CONNECTED', text);
      });
    },
    reconcile(id) {
      return changes.run(id, async () => {
        const container = findContainer(store, id);
        const changed = await restorePlaces(container);
        const { networks: attachments } = container.config;
        const isPlaced = ({ network: name }: NetworkAttachment): boolean =>
          endpointsOf(container).some(({ network }) => network === name);
        const lost = attachments.filter((attachment) => !isPlaced(attachment));
        if (!changed && lost.length === 0) return;
        log.info({ containerId: id }, 'change of networks that was interrupted is undone');
        await renewPorts(id);
        writeNames(id, attachments.filter(isPlaced));
        const events = lost.flatMap(({ network: name }) => {
          const network = networks.named(name);
          return network === null
            ? []
            : [
                endpointEvent(container, 'disconnect', {
                  networkId: network.id,
                  network: name,
                  driver: network.driver,
                }),
              ];
        });
        if (lost.length > 0) writeAttachments(id, attachments.filter(isPlaced), events);
      });
    },
  };

  function containerId(reference: string, force: boolean): string | null {
    try {
      return findContainer(store, reference).id;
    } catch (error) {
      if (force && isBerthError(error, 'CONTAINER_NOT_FOUND')) return null;
      throw error;
    }
  }
}

/** Ports are published from the first place. */
function isPublishedElsewhere([before]: readonly Endpoint[], [after]: readonly Endpoint[]): boolean {
  return before?.networkId !== after?.networkId;
}

/** In Docker's words. */
function checkModes({ config: { networkMode } }: Container, network: Network): void {
  if (networkMode === 'host' || network.driver === 'host') {
    throw invalid('container cannot be disconnected from host network or connected to host network');
  }
  if (joinedContainer(networkMode) !== null) {
    const text =
      'container sharing network namespace with another container or host cannot be connected to any other network';
    throw invalid(text);
  }
  if (networkMode === 'none' || network.driver === 'null') {
    const text = 'container cannot be connected to multiple networks with one of the networks in private (none) mode';
    throw invalid(text);
  }
}

function invalid(message: string): BerthError {
  return new BerthError('INVALID_ARGUMENT', message);
}
