export { findEngineProcesses, type EngineProcess } from './engine-processes.ts';
export { killComponent } from './kill-component.ts';
export { listDirectory } from './list-directory.ts';
export { peakPssKib, readParentPid, readPssKib } from './process-memory.ts';
export { readDatabase } from './read-database.ts';
export { runProgram, type ProgramResult, type RunProgramOptions } from './run-program.ts';
export { startNats, type TestNats } from './start-nats.ts';
export { createTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';
export { openTerminal, type Terminal, type TerminalOptions } from './terminal.ts';
export { BERTH_COMMAND, startTestEngine, type TestEngine, type TestEngineOptions } from './test-engine.ts';
export { waitFor, type WaitForOptions } from './wait-for.ts';
export { startDockerRegistry, type DockerRegistryOptions, type TestRegistry } from './docker-registry.ts';
export {
  buildTestImage,
  buildTestIndex,
  descriptorOf,
  pushBlob,
  pushImage,
  pushManifest,
  toBlob,
  type PushTarget,
  type TestBlob,
  type TestImage,
  type TestImageOptions,
} from './push-image.ts';
export { publishedElements } from './published-elements.ts';
