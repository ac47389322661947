import { slug } from 'github-slugger';
import { defineConfig, type UserConfig } from 'vitepress';
import { diagrams } from './diagram';
import { home } from './home';
import { repositoryLinks } from './links';
import { notPages, pageOf, root } from './pages';
import { miniSearch } from './search';
import { sidebar } from './sidebar';

/** A plug-in for the Vite that VitePress brings, which is not the one of this repository. */
type VitePlugin = Extract<NonNullable<NonNullable<UserConfig['vite']>['plugins']>[number], { name: string }>;

const drawDiagrams = await diagrams();

/** Pages outside docs/ would look for Vue beside themselves, where it is not installed. */
const vueOfDocs: VitePlugin = {
  name: 'vue-of-docs',
  enforce: 'pre',
  resolveId(id) {
    return /^vue(\/|$)/.test(id)
      ? this.resolve(id, `${root}docs/package.json`, { skipSelf: true })
      : undefined;
  },
};

/** The documentation site: Markdown of the whole repository, readable on GitHub as it is, and pages generated from the sources. */
export default defineConfig({
  title: 'SimVLM for TypeScript',
  titleTemplate: ':title · SimVLM',
  description: 'Train, evaluate and run vision-language models with nothing but npm',
  lang: 'en',
  // Where a host serves it under a path, such as /simvlm/.
  base: process.env.SIMVLM_SITE_BASE ?? '/',
  srcDir: '..',
  srcExclude: [...notPages],
  rewrites: pageOf,
  outDir: './.vitepress/dist',
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `${process.env.SIMVLM_SITE_BASE ?? '/'}logo.svg` }],
  ],
  markdown: {
    // Anchors as on GitHub, so that a link works in both places.
    anchor: { slugify: slug },
    config(md) {
      md.use(repositoryLinks);
      md.use(drawDiagrams);
    },
  },
  transformPageData: page => (page.relativePath === 'index.md' ? { frontmatter: home } : undefined),
  themeConfig: {
    logo: '/logo.svg',
    siteTitle: 'SimVLM',
    nav: [
      { text: 'Guides', link: '/guides/photos', activeMatch: '^/(guides|photographs)' },
      { text: 'Command line', link: '/cli' },
      { text: 'Configuration', link: '/configuration' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
    ],
    sidebar: sidebar(),
    outline: { level: [2, 3] },
    search: { provider: 'local', options: { miniSearch, detailedView: true } },
    docFooter: { prev: 'Before', next: 'Next' },
    externalLinkIcon: true,
  },
  vite: {
    publicDir: `${root}docs/public`,
    optimizeDeps: { entries: [] },
    plugins: [vueOfDocs],
    // The index of the search is one chunk, loaded at the first search.
    build: { chunkSizeWarningLimit: 6_000 },
  },
});
