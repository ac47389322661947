import { transfer, wrap } from 'comlink';
import type { CheckpointFolder, StudioFailure } from '../../engine/engine';
import { engine, model } from './engine';
import { asFailure } from './failure';
import { chosenFiles } from './given-files';
import { checkBytes, importNames, isContent } from './import-limits';
import { report, tell } from './notice';
import type { Zip } from './zip-worker';
import ZipWorker from './zip-worker?worker';

const folderName = 'caption-studio-checkpoint';

export const canPickFolder = 'showDirectoryPicker' in globalThis;

/** Downloads the model as an archive of the folder that the command line reads. */
export async function exportArchive(): Promise<void> {
  const files = await engine.exportCheckpoint();
  const packed = await withZip(zip => zip.pack(folderName, files));
  const url = URL.createObjectURL(new Blob([packed as Uint8Array<ArrayBuffer>], { type: 'application/zip' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${folderName}.zip`;
  link.click();
  // The browser reads the address after the click has returned.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Writes the folder where the visitor wants it; `undefined` when they changed their mind, else the folder's name. */
export async function exportFolder(): Promise<string | undefined> {
  const parent = await pickFolder();
  if (!parent) return undefined;
  const files = await engine.exportCheckpoint();
  const folder = await parent.getDirectoryHandle(folderName, { create: true });
  // The manifest last: with it the folder is complete.
  const inOrder = [...files].sort(
    (a, b) => Number(a.name === 'manifest.json') - Number(b.name === 'manifest.json'),
  );
  for (const { name, bytes } of inOrder) {
    const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
    await writable.write(bytes as Uint8Array<ArrayBuffer>);
    await writable.close();
  }
  return `${parent.name}/${folderName}`;
}

/** @throws StudioFailure for what is no archive, or one above a limit of `import-limits.ts` */
export async function importArchive(file: File): Promise<void> {
  let files: CheckpointFolder;
  try {
    checkBytes(file.size);
    const bytes = new Uint8Array(await file.arrayBuffer());
    files = await withZip(zip => zip.unpack(transfer(bytes, [bytes.buffer])));
  } catch (error) {
    throw about(file.name, error);
  }
  await importFiles(files);
}

/** @throws StudioFailure for a folder above a limit of `import-limits.ts`, before a file is read */
export async function importFolder(given: readonly File[]): Promise<void> {
  const files = chosenFiles(given).filter(({ path }) => isContent(path));
  const names = importNames(files.map(({ path, file }) => ({ path, bytes: file.size })));
  const folder = await Promise.all(
    files.map(async ({ file }, i) => ({ name: names[i]!, bytes: new Uint8Array(await file.arrayBuffer()) })),
  );
  await importFiles(folder);
}

/** The failure, with the name of the archive. */
function about(name: string, error: unknown): StudioFailure {
  const failure = asFailure(error);
  return { ...failure, detail: `${name}: ${failure.detail}` };
}

/** The imported model, named; the notice says whether it could be kept for the next visit. */
async function importFiles(files: CheckpointFolder): Promise<void> {
  const { notice, ...info } = await engine.importCheckpoint(files);
  model.value = info;
  if (notice) report(notice);
  else tell('Imported', `The page now uses the model “${info.name}”.`);
}

async function withZip<T>(use: (zip: import('comlink').Remote<Zip>) => Promise<T>): Promise<T> {
  const worker = new ZipWorker();
  try {
    return await use(wrap<Zip>(worker));
  } finally {
    worker.terminate();
  }
}

async function pickFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  // Not yet in TypeScript's DOM types: it is in Chromium alone.
  const picker = globalThis as unknown as {
    showDirectoryPicker(options: { mode: 'readwrite' }): Promise<FileSystemDirectoryHandle>;
  };
  try {
    return await picker.showDirectoryPicker({ mode: 'readwrite' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined;
    throw error;
  }
}
