/** The keys of a JSON object that stand twice in it, at any depth: `JSON.parse` silently keeps the last of them. */
export function duplicateKeys(json: string): string[] {
  const duplicates: string[] = [];
  const open: Set<string>[] = [];
  // Strings, and the signs that give them their place; everything else is of no interest here.
  for (const [token, after] of tokens(json)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (token.startsWith('"') && after === ':') {
      const key = JSON.parse(token) as string;
      const seen = open[open.length - 1];
      if (seen?.has(key)) duplicates.push(key);
      seen?.add(key);
    }
  }
  return duplicates;
}

function* tokens(json: string): Generator<[token: string, after: string]> {
  for (let at = 0; at < json.length; at++) {
    const sign = json[at]!;
    if (sign !== '"' && sign !== '{' && sign !== '}') continue;
    const start = at;
    if (sign === '"') at = closingQuote(json, at);
    let next = at + 1;
    while (' \t\n\r'.includes(json[next] ?? '!')) next++;
    yield [json.slice(start, at + 1), json[next] ?? ''];
  }
}

/** A loop, as a regular expression overflows its stack on a string of some million characters. */
function closingQuote(json: string, open: number): number {
  let at = open + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at;
}
