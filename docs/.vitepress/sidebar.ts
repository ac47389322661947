import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { DefaultTheme } from 'vitepress';
import layers from '../../scripts/layers.json' with { type: 'json' };
import { apiModules } from './api-modules';
import { pageOf, root } from './pages';

type Item = DefaultTheme.SidebarItem;

/** One sidebar for all pages: what a reader wants to do first, then how it works, then where to look things up. */
export function sidebar(): Item[] {
  return [
    group('Your own pictures', false, [
      page('Install', 'docs/guides/install.md'),
      page('On the command line', 'docs/guides/photos.md'),
      page('In a Node app', 'docs/guides/node.md'),
      page('In a web page', 'docs/guides/page.md'),
      page('With a plug-in', 'docs/guides/plugin.md'),
      page('Start from a published captioner', 'docs/photographs.md'),
    ]),
    group('Concepts', false, [
      page('Prefix language model', 'docs/concepts/prefix-lm.md'),
      page('The mask', 'docs/concepts/mask.md'),
      page('Patches', 'docs/concepts/patches.md'),
      page('Backends', 'docs/concepts/backends.md'),
      page('Tokenizer', 'docs/tokenizer.md'),
      page('Architecture', 'docs/architecture.md'),
    ]),
    group('Train and evaluate', false, [
      page('Data', 'docs/data.md'),
      page('Recipes', 'docs/recipes.md'),
      page('Evaluation', 'docs/evaluation.md'),
      page('Ablations', 'docs/ablations.md'),
      page('Several machines', 'docs/several-machines.md'),
      page('Plug-ins', 'docs/plugins.md'),
    ]),
    group('Results and costs', false, [
      page('The demo', 'docs/demo.md'),
      page("The paper's tasks, small", 'docs/tasks.md'),
      page('What it costs', 'docs/costs.md'),
      page('What pretraining takes', 'docs/scaling.md'),
      page('Compared with other tools', 'docs/comparison.md'),
    ]),
    group('Reference', false, [
      page('Command line', 'docs/cli.md'),
      page('Configuration', 'docs/configuration.md'),
      page('Errors, and what to do', 'docs/errors.md'),
      page('Glossary', 'docs/glossary.md'),
    ]),
    group('Packages', true, [
      page('All packages', 'docs/packages.md'),
      ...layers
        .flat()
        .toReversed()
        .map(folder => page(nameOf(folder), `packages/${folder}/README.md`)),
    ]),
    group(
      'API',
      true,
      apiModules.map(({ name }) => [{ text: name, link: `/api/${name}.html` }]),
    ),
    group('Examples', true, examples()),
    group('Inside the native backend', true, [
      page('A training step', 'docs/native-profile.md'),
      page('Decoding', 'docs/native-decoding.md'),
      page('Why it compiles at install', 'docs/stable-abi.md'),
    ]),
    group('The project', true, [
      page('Contributing', 'CONTRIBUTING.md'),
      page('Security', 'SECURITY.md'),
      page('Benchmarks', 'bench/README.md'),
      page('Checks for a GPU', 'bench/gpu/README.md'),
      page('Conformance suite', 'conformance/README.md'),
    ]),
  ];
}

function group(text: string, collapsed: boolean, pages: readonly (readonly Item[])[]): Item {
  return { text, collapsed, items: pages.flat() };
}

/** An entry, where there is such a page. */
function page(text: string, file: string): Item[] {
  return existsSync(root + file) ? [{ text, link: `/${pageOf(file).replace(/\.md$/, '.html')}` }] : [];
}

function examples(): Item[][] {
  return readdirSync(`${root}examples`).map(folder => page(folder, `examples/${folder}/README.md`));
}

function nameOf(folder: string): string {
  return JSON.parse(readFileSync(`${root}packages/${folder}/package.json`, 'utf8')).name;
}
