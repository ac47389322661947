import { on } from 'node:events';
import { watch } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { type Captioner, openCaptioner } from '@simvlm/run';
import { pickBackend } from '@simvlm/runtime';

/** Writes `cat.jpg.txt` beside each `cat.jpg` of a folder, and beside those that come later, until `signal` aborts. */
export async function captionFolder(folder: string, checkpoint: string, signal: AbortSignal) {
  await pickBackend();
  const captioner = await openCaptioner(await openCheckpoint(checkpoint));
  // The watcher starts first and remembers its events, so no picture falls between the two.
  const changes = on(watch(folder, { signal }), 'change', { close: ['close'] });
  await captionNew(folder, captioner);
  for await (const _ of changes) await captionNew(folder, captioner);
  captioner.dispose();
}

async function captionNew(folder: string, captioner: Captioner) {
  const names = new Set(await readdir(folder));
  for (const name of names) {
    if (!/\.(jpe?g|png|webp)$/i.test(name) || names.has(`${name}.txt`)) continue;
    const file = new Blob([new Uint8Array(await readFile(join(folder, name)))]);
    try {
      const [caption] = await captioner.caption([file]);
      await writeFile(join(folder, `${name}.txt`), `${caption!.text}\n`);
      console.log(`${name}: ${caption!.text}`);
    } catch (error) {
      // Half a picture, while somebody is still writing it: its next change brings us back.
      console.warn(`${name}: ${(error as Error).message}`);
    }
  }
}
