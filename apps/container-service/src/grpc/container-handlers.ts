import { WaitCondition as ProtoWaitCondition, type ContainerServiceImplementation } from '@berth/proto/container';
import type { WaitCondition } from '../control-containers.ts';
import type { ContainerEngine } from '../container-engine.ts';
import { getEngineInfo, type HostInfo } from '../engine-info.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { ContainerStore } from '../ports/stores.ts';
import { toProtoStats } from './convert-stats.ts';
import { fromProtoResources } from './convert-resources.ts';
import { fromProtoConfig, fromProtoRestartPolicy, toProtoChange, toProtoContainer } from './convert.ts';
import { bufferView, splitCopy, toProtoCopyPart, toProtoStat } from './file-stream.ts';
import { readLogs } from './log-stream.ts';
import { createNetworkHandlers } from './network-handlers.ts';
import { fromProtoSize, splitStream, toProtoExit, toProtoProcessEvent, withoutStdin } from './process-stream.ts';

const WAIT_CONDITIONS: Readonly<Record<ProtoWaitCondition, WaitCondition>> = {
  [ProtoWaitCondition.UNSPECIFIED]: 'not-running',
  [ProtoWaitCondition.NEXT_EXIT]: 'next-exit',
  [ProtoWaitCondition.REMOVED]: 'removed',
};

/** What the handlers need. */
export interface HandlerDeps {
  readonly engine: ContainerEngine;
  readonly store: ContainerStore;
  readonly runtime: Runtime;
  readonly host: HostInfo;
}

/** ContainerService over the use cases. */
export function createContainerHandlers(deps: HandlerDeps): ContainerServiceImplementation {
  const { engine, store, runtime, host } = deps;
  const { control, creator, runner, execs, freezer, changer, views } = engine;

  return {
    ...createNetworkHandlers(engine),
    async createContainer({ name, config }) {
      const { container, warnings } = await creator.create({ name, config: fromProtoConfig(config) });
      return { id: container.id, warnings: [...warnings] };
    },
    async startContainer({ container }) {
      await control.start(container, { terminalSize: null, attach: false });
      return {};
    },
    async *runContainer(requests, { signal }) {
      const { start, inputs } = await splitStream(requests);
      const { name, detach, terminalSize } = start;
      const client = { inputs, signal, detach, terminalSize: fromProtoSize(terminalSize) };
      for await (const event of runner.run({ name, config: fromProtoConfig(start.config) }, client)) {
        if (event.kind !== 'created') yield { event: toProtoProcessEvent(event) };
        else yield { event: { $case: 'created' as const, value: { id: event.id, warnings: [...event.warnings] } } };
      }
    },
    async *attachContainer(requests, { signal }) {
      const { start, inputs } = await splitStream(requests);
      const given = start.noStdin ? withoutStdin(inputs) : inputs;
      const client = { inputs: given, signal, terminalSize: null, start: start.start };
      for await (const event of runner.attach(start.container, client)) {
        if (event.kind === 'created') continue;
        const message = toProtoProcessEvent(event);
        yield { event: message.$case === 'started' ? { ...message, $case: 'attached' as const } : message };
      }
    },
    async *execContainer(requests, { signal }) {
      const { start, inputs } = await splitStream(requests);
      const client = { inputs, signal, terminalSize: fromProtoSize(start.terminalSize) };
      for await (const event of execs.exec(start, client)) {
        if (event.kind !== 'created') yield { event: toProtoProcessEvent(event) };
      }
    },
    async stopContainer({ container, timeoutSeconds, signal }) {
      await control.stop(container, { timeoutSeconds: timeoutSeconds ?? null, signal });
      return {};
    },
    async killContainer({ container, signal }) {
      await control.kill(container, signal);
      return {};
    },
    async deleteContainer({ container, force, volumes }) {
      await control.remove(container, { force, volumes });
      return {};
    },
    async restartContainer({ container, timeoutSeconds, signal }) {
      await control.restart(container, { timeoutSeconds: timeoutSeconds ?? null, signal });
      return {};
    },
    async pauseContainer({ container }) {
      await freezer.pause(container);
      return {};
    },
    async unpauseContainer({ container }) {
      await freezer.unpause(container);
      return {};
    },
    async renameContainer({ container, name }) {
      changer.rename(container, name);
      return Promise.resolve({});
    },
    async updateContainer({ container, restartPolicy, resources }) {
      const warnings = await changer.update(container, {
        resources: fromProtoResources(resources),
        ...(restartPolicy === undefined ? {} : { restartPolicy: fromProtoRestartPolicy(restartPolicy) }),
      });
      return { warnings: [...warnings] };
    },
    async pruneContainers({ filters }) {
      const { ids, reclaimedBytes } = await engine.prune(filters);
      return { deletedIds: [...ids], reclaimedBytes: BigInt(reclaimedBytes) };
    },
    async waitContainer({ container, condition }, { signal }) {
      return { exit: toProtoExit(await control.wait(container, WAIT_CONDITIONS[condition], signal)) };
    },
    async getContainer({ container, size }) {
      return { container: toProtoContainer(await views.get(container, { size })) };
    },
    async listContainers(query) {
      return { containers: (await views.list(query)).map(toProtoContainer) };
    },
    async commitContainer(request, { signal }) {
      return { imageId: await engine.commit(request, signal) };
    },
    async *exportContainer({ container }, { signal }) {
      for await (const data of engine.fileAccess.exportAll(container, signal)) yield { data: bufferView(data) };
    },
    async statContainerPath({ container, path, followLink }, { signal }) {
      const stat = await engine.fileAccess.stat({ container, path }, { follow: followLink, signal });
      return { stat: toProtoStat(stat) };
    },
    async *copyFromContainer({ container, path, followLink }, { signal }) {
      for await (const part of engine.fileAccess.copyFrom({ container, path }, { follow: followLink, signal })) {
        yield { part: toProtoCopyPart(part) };
      }
    },
    async copyToContainer(requests, { signal }) {
      const { start, data } = await splitCopy(requests);
      await engine.fileAccess.copyTo(start, data, signal);
      return {};
    },
    async diffContainer({ container }, { signal }) {
      return { changes: (await engine.diff(container, signal)).map(toProtoChange) };
    },
    async listProcesses({ container, psArguments }) {
      const { titles, rows } = await engine.listProcesses(container, psArguments);
      return { titles: [...titles], processes: rows.map((columns) => ({ columns: [...columns] })) };
    },
    async *streamStats(request, { signal }) {
      for await (const measurements of engine.meter(request, signal)) yield { stats: measurements.map(toProtoStats) };
    },
    async *readLogs(request, { signal }) {
      for await (const entries of readLogs(engine.logs, request, signal)) yield { entries };
    },
    async getInfo() {
      const { memoryBytes, securityOptions, ...info } = await getEngineInfo(store, runtime, host);
      return { ...info, memoryBytes: BigInt(memoryBytes), securityOptions: [...securityOptions] };
    },
  };
}
