// What `push` says about an image that is being pushed, as docker says it.
import { PushPhase, type PushImageResponse, type PushProgress } from '@berth/proto/image';
import { shortId } from '../format/text.ts';
import type { ProgressLine } from '../progress/progress-line.ts';

const STATUS: Record<PushPhase, string> = {
  [PushPhase.UNSPECIFIED]: '',
  [PushPhase.PREPARING]: 'Preparing',
  [PushPhase.WAITING]: 'Waiting',
  [PushPhase.PUSHING]: 'Pushing',
  [PushPhase.PUSHED]: 'Pushed',
  [PushPhase.ALREADY_EXISTS]: 'Layer already exists',
  [PushPhase.MOUNTED]: 'Mounted from',
  [PushPhase.SKIPPED_FOREIGN]: 'Skipped foreign layer',
};

export function narratePush({ event }: PushImageResponse): ProgressLine[] {
  switch (event?.$case) {
    case 'started':
      return [{ kind: 'line', text: `The push refers to repository [${event.value.repository}]` }];
    case 'layer':
      return [layerLine(event.value)];
    case 'pushed': {
      const { tag, digest, sizeBytes } = event.value;
      return [{ kind: 'line', text: `${tag}: digest: ${digest} size: ${sizeBytes}` }];
    }
    case undefined:
      return [];
  }
}

function layerLine({ diffId, phase, currentBytes, totalBytes, mountedFrom }: PushProgress): ProgressLine {
  const status = phase === PushPhase.MOUNTED ? `${STATUS[phase]} ${mountedFrom}` : STATUS[phase];
  const counts = phase === PushPhase.PUSHING ? { current: Number(currentBytes), total: Number(totalBytes) } : {};
  return { kind: 'layer', id: shortId(diffId), status, ...counts };
}
