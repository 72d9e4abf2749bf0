import type { Writable } from 'node:stream';
import { formatSize } from '../format/human-size.ts';
import type { CommandContext, TerminalSize } from '../context.ts';
import type { ProgressLine } from './progress-line.ts';

/** Shows the lines of a pull or a push. */
export type ProgressDisplay = (line: ProgressLine) => void;

/** The display for a stream of the command. */
export function createDisplay({ terminal }: CommandContext, out: Writable, isTerminal: boolean): ProgressDisplay {
  return isTerminal ? createTerminalDisplay(out, () => terminal.size()) : createPlainDisplay(out);
}

/** For a file or a pipe: only what changes, no counting. */
export function createPlainDisplay(out: Writable): ProgressDisplay {
  const last = new Map<string, string>();
  return (line) => {
    if (line.kind === 'line') {
      last.clear();
      out.write(`${line.text}\n`);
      return;
    }
    if (line.current !== undefined || last.get(line.id) === line.status) return;
    last.set(line.id, line.status);
    out.write(`${line.id}: ${line.status}\n`);
  };
}

/**
 * For a terminal: one row a layer, drawn over. Its size is asked each time, as the user may change it: a row never goes on in the next, and one
 * that was scrolled away stays as it was.
 */
export function createTerminalDisplay(out: Writable, size: () => TerminalSize | null): ProgressDisplay {
  const rows = new Map<string, number>();
  return (line) => {
    if (line.kind === 'line') {
      // What comes now has rows of its own.
      rows.clear();
      out.write(`${line.text}\n`);
      return;
    }
    let row = rows.get(line.id);
    let text = '';
    if (row === undefined) {
      row = rows.size;
      rows.set(line.id, row);
      text = '\n';
    }
    const up = rows.size - row;
    const { rows: height, columns: width } = size() ?? { rows: 0, columns: 0 };
    if (height > 0 && up >= height) return;
    const shown = `${line.id}: ${line.status} ${progress(line, width)}`;
    out.write(`${text}\x1b[${up}A\x1b[2K\r${width > 0 ? shown.slice(0, width) : shown}\r\x1b[${up}B`);
  };
}

/** The bar and the numbers, as far as the terminal has room for them. */
function progress({ current, total }: ProgressLine & { kind: 'layer' }, columns: number): string {
  if (current === undefined || current === 0) return '';
  const numbers = formatSize(current, 4).padStart(8);
  if (!total || current > total) return numbers;
  return `${columns > 110 ? bar(current / total) : ''}${numbers}/${formatSize(total, 4)}`;
}

const BAR_WIDTH = 50;

function bar(part: number): string {
  const done = Math.min(Math.trunc(Math.trunc(part * 100) / 2), BAR_WIDTH);
  return `[${'='.repeat(done)}>${' '.repeat(BAR_WIDTH - done)}] `;
}
