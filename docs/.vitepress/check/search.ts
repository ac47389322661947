import { readdir } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import MiniSearch from 'minisearch';
import { buildProgram } from '../../../packages/cli/src/program';
import { faults } from '../../../packages/core/src/error-codes';
import { miniSearch } from '../search';

type Command = ReturnType<typeof buildProgram>;

/** What a reader types, and how the address of a page with the answer begins. */
interface LookUp {
  readonly text: string;
  readonly page: string;
}

/** So many results are seen without scrolling. */
const SEEN = 8;

/** Every option of every command, every command, and every error code. */
export function lookUps(): LookUp[] {
  const commands = commandsOf(buildProgram([], () => undefined));
  const options = new Set(commands.flatMap(({ options: each }) => each.map(({ long }) => long)));
  return [
    ...[...options].filter(long => long != null).map(text => ({ text, page: '/cli.html' })),
    ...commands.slice(1).map(command => ({ text: pathOf(command), page: '/cli.html' })),
    ...Object.keys(faults).map(text => ({ text, page: '/errors.html' })),
  ];
}

/** Look-ups whose page is not among the first results of the search of the built site. */
export async function notFound(dist: string, wanted: readonly LookUp[]): Promise<string[]> {
  const index = await builtIndex(dist);
  return wanted.flatMap(({ text, page }) => {
    const results = index.search(text).map(({ id }) => String(id));
    if (results.slice(0, SEEN).some(id => id.startsWith(page))) return [];
    return [
      `the search for "${text}" does not show ${page}, but ${results.slice(0, SEEN).join(', ') || 'nothing'}`,
    ];
  });
}

/** The index that the browser loads, opened as VitePress opens it. */
async function builtIndex(dist: string): Promise<MiniSearch> {
  const chunks = `${dist}/assets/chunks/`;
  const name = (await readdir(chunks)).find(file => /localSearchIndexroot.*\.js$/.test(file));
  if (name === undefined) throw new Error(`${chunks}: there is no index of the search`);
  const { default: json } = (await import(pathToFileURL(chunks + name).href)) as { default: string };
  return MiniSearch.loadJSON(json, {
    fields: ['title', 'titles', 'text'],
    storeFields: ['title', 'titles'],
    searchOptions: miniSearch.searchOptions,
    ...miniSearch.options,
  });
}

function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
