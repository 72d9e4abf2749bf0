import { createConnection } from 'node:net';
import { engineNames } from '@berth/client';
import type { Component, ComponentContext } from './component.ts';
import { nativeProgram } from './programs.ts';

/** The resident spawner of the native helper. It may be restarted at will: containers belong to their keepers. */
export function nativeComponent({ paths, env }: ComponentContext): Component {
  const program = nativeProgram(env);
  const { cgroupDir } = engineNames(paths.root);
  return {
    name: 'native',
    program,
    prepare: () =>
      Promise.resolve({
        file: program,
        args: ['spawner', '--socket', paths.nativeSocket, '--cgroup-dir', cgroupDir],
        env,
      }),
    isReady: () => accepts(paths.nativeSocket),
  };
}

function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
