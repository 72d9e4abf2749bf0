import { checkHealth, type ServiceName } from '@berth/client';
import type { Component, ComponentContext } from './component.ts';
import { nodeProgram, serviceProgram } from './programs.ts';

/** V8's heap is kept small: a service holds little, and four of them stay resident. Figures: docs/adr/0007. */
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=8', '--max-old-space-size=256'];

/** One of Berth's own services. */
export function serviceComponent(service: ServiceName, { paths, env }: ComponentContext): Component {
  const program = serviceProgram(service);
  return {
    name: service,
    program,
    prepare: () => Promise.resolve({ file: nodeProgram(), args: [...NODE_FLAGS, program], env }),
    isReady: () => checkHealth(paths.socket(service)),
  };
}
