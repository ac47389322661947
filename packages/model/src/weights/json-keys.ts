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
  const pattern = /"(?:[^"\\]|\\.)*"|[{}]/g;
  for (const match of json.matchAll(pattern)) {
    let end = match.index + match[0].length;
    while (' \t\n\r'.includes(json[end] ?? '!')) end++;
    yield [match[0], json[end] ?? ''];
  }
}
