import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCaptioner, openCheckpoint, pickBackend } from 'simvlm';

/** Writes `album.html` into a folder: its pictures, each with the caption that the model of `checkpoint` gives it. */
export async function writeAlbum(folder: string, checkpoint: string): Promise<string> {
  await pickBackend();
  const captioner = await openCaptioner(await openCheckpoint(checkpoint));
  const names = (await readdir(folder)).filter(name => /\.(jpe?g|png|webp)$/i.test(name)).sort();
  const files = await Promise.all(names.map(name => readFile(join(folder, name))));
  const captions = await captioner.caption(files.map(file => new Blob([new Uint8Array(file)])));
  captioner.dispose();

  const figures = captions.map(({ picture, text }) => {
    const source = encodeURIComponent(names[picture]!);
    return `<figure><img src="${source}" alt="" width="300"><figcaption>${escaped(text)}</figcaption></figure>`;
  });
  const page = `<!doctype html><meta charset="utf-8"><title>Album</title>\n${figures.join('\n')}\n`;
  const file = join(folder, 'album.html');
  await writeFile(file, page);
  return file;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
