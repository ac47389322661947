/** Tells which names a pattern means. */
export interface NamePattern {
  test(name: string): boolean;
}

/**
 * Names by a pattern: whole names, in which `*` stands for any characters (`encoder.*.query`), dots included; nothing else is special.
 *
 * No regular expression: patterns also come from checkpoints, and one of many stars would keep it busy for years.
 */
export function namePattern(pattern: string): NamePattern {
  const [first, ...others] = pattern.split('*') as [string, ...string[]];
  const last = others.pop();
  if (last === undefined) return { test: name => name === pattern };
  return {
    test(name) {
      const end = name.length - last.length;
      if (first.length > end || !name.startsWith(first) || !name.endsWith(last)) return false;
      // Where a part is found first leaves the most room for those behind it.
      let at = first.length;
      for (const part of others) {
        const found = name.indexOf(part, at);
        if (found < 0) return false;
        at = found + part.length;
      }
      return at <= end;
    },
  };
}
