import { engineNames } from '@berth/client';
import { connectSpawner } from '@berth/namespaces';
import type { Component, ComponentContext } from './component.ts';
import { describeProcess } from './process-record.ts';
import { nativeProgram } from './programs.ts';

const PING_TIMEOUT_MS = 2000;

/** The resident spawner of the native helper. It may be restarted at will: containers belong to their keepers. */
export function nativeComponent({ paths, env }: ComponentContext): Component {
  const program = nativeProgram(env);
  const { cgroupDir } = engineNames(paths.root);
  const spawner = connectSpawner(paths.nativeSocket);

  /** A fork of a spawner that has just died may still answer: what counts is the spawner that it names. */
  async function isReady(pid: number | null): Promise<boolean> {
    try {
      const pong = await spawner.ping({ signal: AbortSignal.timeout(PING_TIMEOUT_MS) });
      return describeProcess(pong.pid) !== null && (pid === null || pid === pong.pid);
    } catch {
      return false;
    }
  }

  const args = ['spawner', '--socket', paths.nativeSocket, '--cgroup-dir', cgroupDir];
  return { name: 'native', program, prepare: () => Promise.resolve({ file: program, args, env }), isReady };
}
