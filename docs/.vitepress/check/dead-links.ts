import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';

interface Page {
  readonly links: readonly string[];
  readonly anchors: ReadonlySet<string>;
}

/**
 * Links of the built pages (of their texts, the sidebar, the top and the first page) to a page, a file or an anchor of the site that is not
 * there. VitePress itself looks at pages alone, and not at those of the theme.
 *
 * @param dist the folder of the built site
 */
export async function deadLinks(dist: string): Promise<{ pages: number; links: number; dead: string[] }> {
  const files = (await readdir(dist, { recursive: true })).map(file => file.replaceAll('\\', '/'));
  const there = new Set(files);
  const pages = new Map<string, Page>();
  for (const file of files.filter(name => name.endsWith('.html')))
    pages.set(file, pageOf(await readFile(join(dist, file), 'utf8')));
  if (pages.size === 0) throw new Error(`${dist}: there is no page; build the site first`);
  const base = process.env.SIMVLM_SITE_BASE ?? '/';
  const dead: string[] = [];
  let links = 0;
  for (const [file, page] of pages)
    for (const link of new Set(page.links)) {
      if (/^([a-z]+:|\/\/)/i.test(link)) continue;
      links++;
      const [path, anchor] = decodeURIComponent(link).split('#', 2) as [string, string?];
      const target = fileOf(path, file, base);
      if (!there.has(target)) dead.push(`${file}: ${link} leads to no file (${target})`);
      else if (anchor && !pages.get(target)?.anchors.has(anchor))
        dead.push(`${file}: ${link} leads to no heading of ${target}`);
    }
  return { pages: pages.size, links, dead };
}

function pageOf(html: string): Page {
  return {
    links: [...html.matchAll(/<a\s[^>]*?\bhref="([^"]*)"/g)].map(([, href]) =>
      href!.replaceAll('&amp;', '&'),
    ),
    anchors: new Set([...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id!)),
  };
}

/** The file, from the root of the site, that an address on a page asks for. */
function fileOf(path: string, page: string, base: string): string {
  if (path === '') return page;
  const file = path.startsWith('/')
    ? path.slice(path.startsWith(base) ? base.length : 1)
    : posix.join(posix.dirname(page), path);
  if (file === '' || file.endsWith('/')) return `${file}index.html`;
  return posix.extname(file) === '' ? `${file}.html` : file;
}
