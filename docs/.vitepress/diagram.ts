import { instance } from '@viz-js/viz';
import type { MarkdownRenderer } from 'vitepress';

/**
 * Draws the `mermaid` blocks of Markdown files, which GitHub draws by itself, while the site is built: as SVG in the colours of the page,
 * so that no reader loads a library for it. Knows what our diagrams use: `flowchart TD` with subgraphs, boxes and arrows.
 */
export async function diagrams(): Promise<(md: MarkdownRenderer) => void> {
  const viz = await instance();
  return md => {
    const other = md.renderer.rules.fence!;
    md.renderer.rules.fence = (tokens, i, ...rest) => {
      const { info, content } = tokens[i]!;
      if (info.trim() !== 'mermaid') return other(tokens, i, ...rest);
      const svg = viz.renderString(dotOf(content), { format: 'svg' });
      return `<div class="diagram" v-pre>${svg.slice(svg.indexOf('<svg'))}</div>\n`;
    };
  };
}

/** A Mermaid flow chart in the language of Graphviz. */
function dotOf(mermaid: string): string {
  const lines = mermaid.trim().split('\n');
  if (lines[0]?.trim() !== 'flowchart TD')
    throw new Error(`diagram: expected "flowchart TD", got "${lines[0]}"`);
  const body = lines.slice(1).map(line => statement(line.trim()));
  const style =
    'bgcolor="transparent" ranksep=0.6 node [shape=box style=rounded fontname="Inter" fontsize=13 height=0.35]';
  return `digraph { ${style}\n${body.join('\n')}\n}`;
}

function statement(line: string): string {
  const [, cluster, label] = /^subgraph (\w+) \["(.*)"\]$/.exec(line) ?? [];
  if (cluster !== undefined)
    return `subgraph cluster_${cluster} { style=dotted label="${label}" fontname="Inter" labeljust=l`;
  if (line === 'end') return '}';
  const nodes = line.split(/\s*-->\s*/);
  if (nodes.every(node => /^[\w-]+$/.test(node))) return nodes.map(node => `"${node}"`).join(' -> ');
  throw new Error(`diagram: cannot draw the line "${line}"`);
}
