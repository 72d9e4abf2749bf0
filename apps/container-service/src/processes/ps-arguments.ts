import { BerthError } from '@berth/errors';
import { COLUMNS, type Column } from './ps-columns.ts';

const FULL = 'user=UID,pid,ppid,c,stime,tname=TTY,time,cmd';
const LONG_FULL = 'user=UID,pid,ppid,pgid,sid,c,stime,tname=TTY,time,cmd';
const SIMPLE = 'pid,tname=TTY,time,ucmd';
const BSD_USER = 'user,pid,pcpu,pmem,vsz,rss,tname=TTY,stat,bsdstart,bsdtime,command';
const BSD_SIMPLE = 'pid,tname=TTY,stat,bsdtime,command';
/** What selects processes: here they are always those of the container. */
const SELECTIONS = 'eAadxw';

/**
 * The columns that arguments of ps(1) ask for: `-ef`, `-e` and `-efj` of System V, `aux` and `ax` of BSD, and lists with `-o`. None:
 * `-ef`. Throws INVALID_ARGUMENT for others, and for columns without the process id.
 */
export function parsePsArguments(words: readonly string[]): Column[] {
  const state = { list: [] as string[], full: false, bsd: false, user: false, jobs: false };
  const rest = words.length === 0 ? ['-ef'] : [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const isBsd = !word.startsWith('-');
    if (isBsd) state.bsd = true;
    const letters = word.replace(/^-/, '');
    for (const [index, letter] of Array.from(letters).entries()) {
      if (letter === 'o') {
        state.list.push(letters.slice(index + 1) || (rest.shift() ?? ''));
        break;
      }
      if (letter === 'f' && !isBsd) state.full = true;
      else if (letter === 'j' && !isBsd) state.jobs = true;
      else if (letter === 'u' && isBsd) state.user = true;
      else if (!SELECTIONS.includes(letter)) throw unsupported(word);
    }
  }
  const columns = parseList(state.list.length > 0 ? state.list.join(',') : defaultList(state));
  if (!columns.some(({ title }) => title === 'PID')) {
    throw new BerthError('INVALID_ARGUMENT', "Couldn't find PID field in ps output");
  }
  return columns;
}

function defaultList({ full, bsd, user, jobs }: { full: boolean; bsd: boolean; user: boolean; jobs: boolean }): string {
  if (user) return BSD_USER;
  if (full) return jobs ? LONG_FULL : FULL;
  return bsd ? BSD_SIMPLE : SIMPLE;
}

/** `pid,user=WHO,comm`: a title of one's own takes the rest of the list in ps; here it ends at the comma. */
function parseList(list: string): Column[] {
  return list
    .split(/[\s,]+/)
    .filter((name) => name !== '')
    .map((text) => {
      const [name = '', title] = text.split('=', 2);
      const column = Object.hasOwn(COLUMNS, name) ? COLUMNS[name] : undefined;
      if (column === undefined)
        throw new BerthError('INVALID_ARGUMENT', `ps: unknown user-defined format specifier "${name}"`);
      return title === undefined ? column : { ...column, title };
    });
}

function unsupported(word: string): BerthError {
  const known = 'use -ef, aux, or -o with a list of columns';
  return new BerthError('INVALID_ARGUMENT', `ps: option ${JSON.stringify(word)} is not supported: ${known}`);
}
