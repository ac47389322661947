import type { DefaultTheme } from 'vitepress';

/**
 * Words, and whole what people copy from a message or a command: `--shuffle-images`, `DATA_NOT_FOUND`, `optimizer.learningRate`.
 * VitePress sends the source of this function to the browser, so it uses nothing outside itself.
 */
function tokenize(text: string): string[] {
  const words = text.split(/[\n\r\p{Z}\p{P}\p{S}]+/u).filter(word => word !== '');
  const names = text.match(/--[a-z][a-z0-9-]*|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z]\w*(?:\.[a-z]\w*)+/g);
  return [...words, ...(names ?? [])];
}

/** An option that was typed whole is looked for among the commands, whose sections are long and would come late. Sent to the browser, too. */
function boostDocument(id: string, term: string): number {
  return term.startsWith('--') && id.includes('/cli.html') ? 20 : 1;
}

/** How both the index is built and questions are asked of it. */
export const miniSearch = {
  options: { tokenize },
  searchOptions: { fuzzy: 0.2, prefix: true, boost: { title: 4, text: 2, titles: 1 }, boostDocument },
} satisfies NonNullable<DefaultTheme.LocalSearchOptions['miniSearch']>;
