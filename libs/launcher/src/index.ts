export { ensureBusyboxImage } from './busybox-image.ts';
export type { ComponentName } from './component.ts';
export { engineStatus, type ComponentStatus } from './engine-status.ts';
export { startEngine, type StartEngineOptions } from './start-engine.ts';
export { stopEngine, type StopEngineOptions } from './stop-engine.ts';
