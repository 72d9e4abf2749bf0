import { SERVICE_NAMES } from '@berth/client';
import type { Component, ComponentContext, ComponentName } from './component.ts';
import { nativeComponent } from './native-component.ts';
import { natsComponent } from './nats-component.ts';
import { serviceComponent } from './service-component.ts';

/**
 * The processes of an engine, all or those of `only`, in groups: a group starts together once the one before it is ready.
 */
export function engineComponents(context: ComponentContext, only?: readonly ComponentName[]): Component[][] {
  const services = SERVICE_NAMES.map((name) => serviceComponent(name, context));
  const isWanted = ({ name }: Component) => only === undefined || only.includes(name);
  return [[natsComponent(context), nativeComponent(context)], services].map((group) => group.filter(isWanted));
}

const PASSED_ON =
  /^(PATH|HOME|LANG|LC_\w+|TZ|TMPDIR|DOCKER_CONFIG|SSL_CERT_\w+|NODE_EXTRA_CA_CERTS|(https?|no|all)_proxy|BERTH_\w+)$/i;

/** What of a user's environment an engine gets: its processes outlive the shell that started them. */
export function engineEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => PASSED_ON.test(name)));
}
