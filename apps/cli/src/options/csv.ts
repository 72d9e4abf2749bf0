/** Splits a line as Go's encoding/csv does: fields with commas or quotes in them stand in quotes, which are doubled. A string is its complaint. */
export function splitCsv(line: string): string[] | string {
  if (line === '') return 'EOF';
  const fields: string[] = [];
  for (let at = 0; at <= line.length;) {
    const quoted = /^"((?:[^"]|"")*)"(?=,|$)/.exec(line.slice(at));
    if (line[at] === '"' && quoted === null) {
      return `parse error on line 1, column ${line.length + 1}: extraneous or missing " in quoted-field`;
    }
    const raw = quoted?.[0] ?? /^[^,]*/.exec(line.slice(at))?.[0] ?? '';
    const bare = quoted === null ? raw.indexOf('"') : -1;
    if (bare !== -1) return `parse error on line 1, column ${at + bare + 1}: bare " in non-quoted-field`;
    fields.push(quoted?.[1]?.replaceAll('""', '"') ?? raw);
    at += raw.length + 1;
  }
  return fields;
}
