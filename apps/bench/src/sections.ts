import type { Section } from './section.ts';
import { measureChanges } from './sections/changes.ts';
import { measureDns } from './sections/dns.ts';
import { measureExec } from './sections/exec.ts';
import { measureImages } from './sections/images.ts';
import { measureInside } from './sections/inside.ts';
import { measureLog } from './sections/log.ts';
import { measureMemory } from './sections/memory.ts';
import { measureNetwork } from './sections/network.ts';
import { measureParallel } from './sections/parallel.ts';
import { measurePull } from './sections/pull.ts';
import { measureSave } from './sections/save.ts';
import { measureScale } from './sections/scale.ts';
import { measureStart } from './sections/start.ts';
import { measureStop } from './sections/stop.ts';

/** All sections, in the order in which they run. */
export const SECTIONS: Readonly<Record<string, Section>> = {
  start: measureStart,
  exec: measureExec,
  stop: measureStop,
  log: measureLog,
  inside: measureInside,
  network: measureNetwork,
  dns: measureDns,
  parallel: measureParallel,
  scale: measureScale,
  memory: measureMemory,
  changes: measureChanges,
  images: measureImages,
  pull: measurePull,
  save: measureSave,
};
