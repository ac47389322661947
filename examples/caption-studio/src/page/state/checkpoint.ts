import { download } from './download';
import { engine } from './engine';
import { withZip } from './zip';

const folderName = 'caption-studio-checkpoint';

export const canPickFolder = 'showDirectoryPicker' in globalThis;

/** Downloads the model as an archive of the folder that the command line reads. */
export async function exportArchive(): Promise<void> {
  const files = await engine.exportCheckpoint();
  const packed = await withZip(zip => zip.pack(folderName, files));
  download(`${folderName}.zip`, new Blob([packed as Uint8Array<ArrayBuffer>], { type: 'application/zip' }));
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
