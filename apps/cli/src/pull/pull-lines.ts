// What `pull` says about an image that is being pulled, as docker says it.
import { familiarReference, type Reference } from '@berth/oci';
import { LayerPhase, type LayerProgress, type PullImageResponse } from '@berth/proto/image';
import { shortId } from '../format/text.ts';
import type { ProgressLine } from '../progress/progress-line.ts';

const STATUS: Record<LayerPhase, string> = {
  [LayerPhase.UNSPECIFIED]: '',
  [LayerPhase.WAITING]: 'Waiting',
  [LayerPhase.DOWNLOADING]: 'Downloading',
  [LayerPhase.DOWNLOADED]: 'Download complete',
  [LayerPhase.EXTRACTING]: 'Extracting',
  [LayerPhase.COMPLETE]: 'Pull complete',
  [LayerPhase.ALREADY_EXISTS]: 'Already exists',
};

/** Translates the progress of a pull, up to its digest. */
export function createPullNarrator(reference: Reference): (response: PullImageResponse) => ProgressLine[] {
  const seen = new Set<string>();
  return ({ event }) => {
    switch (event?.$case) {
      case 'resolved':
        return [line(`${reference.digest ?? reference.tag}: Pulling from ${shownPath(reference)}`)];
      case 'layer':
        return narrateLayer(event.value, seen);
      case 'done':
        return [line(`Digest: ${event.value.digest}`)];
      case undefined:
        return [];
    }
  };
}

/** A layer is announced before its first state, unless it was there all the time. */
function narrateLayer(progress: LayerProgress, seen: Set<string>): ProgressLine[] {
  const id = shortId(progress.digest);
  const lines: ProgressLine[] = [];
  const isNew = !seen.has(progress.digest);
  seen.add(progress.digest);
  if (isNew && progress.phase !== LayerPhase.ALREADY_EXISTS)
    lines.push({ kind: 'layer', id, status: 'Pulling fs layer' });
  if (isNew && progress.phase === LayerPhase.WAITING) return lines;
  const counts = progress.phase === LayerPhase.DOWNLOADING || progress.phase === LayerPhase.EXTRACTING;
  const bytes = counts ? { current: Number(progress.currentBytes), total: Number(progress.totalBytes) } : {};
  lines.push({ kind: 'layer', id, status: STATUS[progress.phase], ...bytes });
  return lines;
}

/** How a pull has ended. */
export function pullStatus(reference: Reference, upToDate: boolean): ProgressLine {
  return line(
    `Status: ${upToDate ? 'Image is up to date' : 'Downloaded newer image'} for ${familiarReference(reference)}`,
  );
}

function line(text: string): ProgressLine {
  return { kind: 'line', text };
}

function shownPath({ path }: Reference): string {
  return path;
}
