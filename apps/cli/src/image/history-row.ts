import type { HistoryStep } from '@berth/proto/image';
import { formatDuration } from '../format/human-duration.ts';
import { formatSize } from '../format/human-size.ts';
import { formatLocal, toMs } from '../format/go-time.ts';
import type { Row, RowFormat } from '../format/rows.ts';
import { ellipsis, shortId } from '../format/text.ts';

const CREATED_BY_COLUMNS = 45;
/** Builds that shall be reproducible give times of long ago, which say nothing. */
const FIRST_TRUE_TIME_MS = Date.UTC(2000, 0, 1);

/** How a history is shown; with times and sizes as people say them, or exact. */
export function historyFormat(human: boolean): RowFormat {
  return {
    typeName: '*image.historyContext',
    headers: {
      ID: 'IMAGE',
      CreatedSince: 'CREATED',
      CreatedAt: 'CREATED AT',
      CreatedBy: 'CREATED BY',
      Size: 'SIZE',
      Comment: 'COMMENT',
    },
    columns: ['ID', human ? 'CreatedSince' : 'CreatedAt', 'CreatedBy', 'Size', 'Comment'],
  };
}

export function historyRow(step: HistoryStep, how: { human: boolean; noTrunc: boolean; nowMs: number }): Row {
  const { human, noTrunc, nowMs } = how;
  const id = step.imageId === '' ? '<missing>' : step.imageId;
  // Without a time, Docker shows the epoch.
  const createTime = step.createTime ?? { seconds: 0n, nanos: 0 };
  const createdAt = formatLocal(createTime);
  const createdBy = step.createdBy.replaceAll('\t', ' ');
  const since = toMs(createTime) <= FIRST_TRUE_TIME_MS ? 'N/A' : `${formatDuration(nowMs - toMs(createTime))} ago`;
  return {
    ID: noTrunc ? id : shortId(id),
    CreatedSince: human ? since : createdAt,
    CreatedAt: createdAt,
    CreatedBy: noTrunc ? createdBy : ellipsis(createdBy, CREATED_BY_COLUMNS),
    Size: human ? formatSize(step.sizeBytes) : String(step.sizeBytes),
    Comment: step.comment,
  };
}
