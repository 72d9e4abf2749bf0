/** One challenge of a WWW-Authenticate header (https://www.rfc-editor.org/rfc/rfc9110#name-www-authenticate). */
export interface AuthChallenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const HEADER_MAX = 8192;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const PARAMETER = /[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y;
const SEPARATORS = /[ \t,]*/y;

/** Parses all WWW-Authenticate headers of a response: each may hold several challenges. What cannot be read ends its header. */
export function parseAuthChallenges(headers: readonly string[]): AuthChallenge[] {
  return headers.filter((header) => header.length <= HEADER_MAX).flatMap(parseHeader);
}

function parseHeader(header: string): AuthChallenge[] {
  const challenges: AuthChallenge[] = [];
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const match = pattern.exec(header);
    if (match !== null) position = pattern.lastIndex;
    return match;
  };
  take(SEPARATORS);
  for (let scheme = take(TOKEN); scheme !== null; scheme = take(TOKEN)) {
    const parameters = new Map<string, string>();
    for (let parameter = take(PARAMETER); parameter !== null; parameter = take(PARAMETER)) {
      const [, name = '', quoted, bare = ''] = parameter;
      parameters.set(name.toLowerCase(), quoted === undefined ? bare : quoted.replaceAll(/\\(.)/g, '$1'));
      take(SEPARATORS);
    }
    challenges.push({ scheme: scheme[0].toLowerCase(), parameters });
    take(SEPARATORS);
  }
  return challenges;
}
