/** Puts tables between the marks of a document, `<!-- scaling:NAME -->` and `<!-- end -->`. @throws Error for a mark that is missing */
export function inDocs(text: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((result, [name, table]) => {
    const [begin, end] = [`<!-- scaling:${name} -->`, '<!-- end -->'];
    const from = result.indexOf(begin);
    const to = result.indexOf(end, from);
    if (from < 0 || to < 0) throw new Error(`docs/scaling.md has no place for ${name}: ${begin} … ${end}`);
    return `${result.slice(0, from + begin.length)}\n\n${table}\n\n${result.slice(to)}`;
  }, text);
}
