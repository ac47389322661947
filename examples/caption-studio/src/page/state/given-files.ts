/** A file that the visitor gave, with its path from the folder that it came in, such as `lessons/fox.jpg`; alone it has its name. */
export interface GivenFile {
  readonly path: string;
  readonly file: File;
}

export const inFolder = ({ path }: GivenFile): boolean => path.includes('/');

/** What was dropped, in two: what belongs to a folder of lessons (also where its files alone were dropped), and pictures without captions. */
export function partGiven(files: readonly GivenFile[]): {
  folder: readonly GivenFile[];
  pictures: readonly GivenFile[];
} {
  if (files.length === 0 || files.some(file => isCaptionsFile(file) && !inFolder(file)))
    return { folder: files, pictures: [] };
  return { folder: files.filter(inFolder), pictures: files.filter(file => !inFolder(file)) };
}

export function isCaptionsFile({ path }: GivenFile): boolean {
  return /(^|\/)captions\.jsonl$/.test(path);
}

/** What a file input gave, of files or of a folder. */
export function chosenFiles(files: readonly File[]): GivenFile[] {
  return files.map(file => ({ path: file.webkitRelativePath || file.name, file }));
}

/** What was dropped, folders with all that is in them. Call it in the event itself: after it, what was dropped is out of reach. */
export async function droppedFiles({ items }: Pick<DataTransfer, 'items'>): Promise<GivenFile[]> {
  const dropped = [...items]
    .filter(({ kind }) => kind === 'file')
    // A picture that was dragged out of another page has no place on the disk, and so no entry.
    .map(item => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found = await Promise.all(
    dropped.map(({ entry, file }) => {
      if (entry?.isDirectory) return filesIn(entry as FileSystemDirectoryEntry, entry.name);
      return file ? [{ path: file.name, file }] : [];
    }),
  );
  return found.flat();
}

async function filesIn(folder: FileSystemDirectoryEntry, path: string): Promise<GivenFile[]> {
  const found: GivenFile[] = [];
  for (const entry of await entriesOf(folder)) {
    const inner = `${path}/${entry.name}`;
    if (entry.isDirectory) found.push(...(await filesIn(entry as FileSystemDirectoryEntry, inner)));
    else found.push({ path: inner, file: await fileOf(entry as FileSystemFileEntry) });
  }
  return found;
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  // A reader gives a hundred at a time, and none when it is done.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
