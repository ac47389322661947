import { ConfigError } from '@simvlm/core';
import { type DataFile, type DataPlace, expandBraces, type Folder, httpFile, httpFolder } from '@simvlm/data';

/** Where a host finds data: Node on a disk and on the web, a page on the web alone. */
export interface Places {
  /** What the words of a path name, in their order. */
  place(paths: readonly string[]): Promise<DataPlace>;
  file(name: string): DataFile;
  folder(name: string): Folder;
  /** The lines of a text file that are more than white space. */
  lines(name: string): AsyncIterable<string>;
}

/** Addresses alone. A page has no folders: what a user has picked becomes a source of the program. */
export const webPlaces: Places = {
  async place(paths) {
    const names = paths.flatMap(expandBraces);
    const [first] = names as [string];
    if (names.length === 1 && addressOf(first).pathname.endsWith('/')) return { folder: this.folder(first) };
    return {
      folder: httpFolder(new URL('.', addressOf(first))),
      files: names.map(name => this.file(name)),
    };
  },
  file: name => httpFile(addressOf(name)),
  folder: name => httpFolder(addressOf(name)),
  lines(name) {
    throw notHere(name);
  },
};

function addressOf(name: string): URL {
  if (!/^https?:\/\//i.test(name)) throw notHere(name);
  return new URL(name);
}

function notHere(name: string): ConfigError {
  return new ConfigError(
    'CONFIG_INVALID',
    `folders and files are read in Node only, and ${JSON.stringify(name)} is one; give an address, or { "source": NAME }`,
  );
}
