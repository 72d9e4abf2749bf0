export { attachKeeper, type AttachOptions } from './attach-keeper.ts';
export { type OutputChunk, type OutputGap } from './output-queue.ts';
export {
  isKeeperAlive,
  isProcessAlive,
  readBootId,
  readRecord,
  type KeeperRecord,
  type ProcessExit,
  type ProcessIdentity,
} from './record.ts';
export { type RunningProcess, type StartedProcess, type StepTiming } from './running-process.ts';
export { connectSpawner, type BegunContainer, type CallOptions, type Spawner } from './spawner.ts';
