import { relative } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { root, sourcePage, targetOf } from './pages';

/**
 * Turns the relative links of Markdown files, which are right on GitHub, into addresses of the site. A link to a file that does not exist
 * ends the build.
 */
export function repositoryLinks(md: MarkdownRenderer): void {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    const from = relative(root, env.realPath ?? env.path);
    for (const token of tokens.flatMap(({ children }) => children ?? []))
      if (token.type === 'link_open') token.attrSet('href', addressOnSite(from, token.attrGet('href') ?? ''));
  });
}

function addressOnSite(from: string, href: string): string {
  if (/^([a-z]+:|#|\/)/i.test(href)) return href;
  const [link, anchor] = href.split('#', 2) as [string, string?];
  const target = targetOf(from, link);
  if (target.kind === 'missing')
    throw new Error(`${from}: the link to ${href} leads to no file (${target.path})`);
  const address = target.kind === 'page' ? target.address : `/${sourcePage(target.path)}.html`;
  return anchor === undefined ? address : `${address}#${anchor}`;
}
