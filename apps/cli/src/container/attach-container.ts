import type { AttachContainerRequest, Container } from '@berth/proto/container';
import { detachKeys } from '../attach/detach-keys.ts';
import { runSession, type SessionEnd } from '../attach/session.ts';
import type { CommandContext } from '../context.ts';
import type { Containers } from '../engine/containers.ts';

export interface AttachOptions {
  /** Starts the container once we are attached, so that no byte of its output is lost. */
  start?: boolean;
  stdin: boolean;
  forwardSignals: boolean;
  detachKeys: string | undefined;
}

/** Attaches to a container until it exits or the user detaches. */
export async function attachContainer(
  context: CommandContext,
  { client }: Containers,
  ...[container, options]: [Container, AttachOptions]
): Promise<SessionEnd> {
  const session = {
    terminal: container.config?.terminal ?? false,
    stdin: options.stdin && (container.config?.openStdin ?? false),
    sendSignal: options.forwardSignals
      ? (number: number) => client.killContainer({ container: container.id, signal: String(number) })
      : null,
    detachKeys: detachKeys(context, options.detachKeys),
  };
  return runSession(context, session, (inputs, signal) => {
    async function* requests(): AsyncGenerator<AttachContainerRequest> {
      const start = { container: container.id, start: options.start ?? false, noStdin: !session.stdin };
      yield { request: { $case: 'start', value: start } };
      const size = session.terminal ? context.terminal.size() : null;
      if (size) yield { request: { $case: 'input', value: { input: { $case: 'resize', value: { ...size } } } } };
      for await (const input of inputs) yield { request: { $case: 'input', value: input } };
    }
    return client.attachContainer(requests(), { signal });
  });
}
