import { micromark } from 'micromark';
import { gfmTable, gfmTableHtml } from 'micromark-extension-gfm-table';
import { useMemo } from 'preact/hooks';

/** Characters: a longer card is shown as it is written. Of some texts micromark's time grows with the square of their length. */
const LONGEST = 16_384;

/**
 * Markdown of a model card, which may come from an imported folder: micromark writes HTML that is in it as text and drops
 * addresses that are not of the web, so nothing of it runs.
 */
export function Markdown({ source }: { source: string }) {
  if (source.length <= LONGEST) return <Formatted source={source} />;
  return (
    <div class="markdown">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard */}
      <pre tabIndex={0}>{source}</pre>
    </div>
  );
}

export function Formatted({ source }: { source: string }) {
  const html = useMemo(() => {
    const body = source.replace(/^---\n[\s\S]*?\n---\n/, '');
    return micromark(body, { extensions: [gfmTable()], htmlExtensions: [gfmTableHtml()] })
      .replaceAll(/<th[^>]*><\/th>/g, '<td></td>')
      .replaceAll('<pre>', '<pre tabindex="0">')
      .replaceAll(/<(\/?)h([1-4])/g, (_, slash, level) => `<${slash}h${Number(level) + 2}`)
      .replaceAll(
        /<table>[\s\S]*?<\/table>/g,
        table => `<div class="scroller" tabindex="0" role="group" aria-label="Table">${table}</div>`,
      );
  }, [source]);
  return <div class="markdown" dangerouslySetInnerHTML={{ __html: html }} />;
}
