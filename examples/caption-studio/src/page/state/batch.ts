import { signal } from '@preact/signals';
import { proxy } from 'comlink';
import type { CaptionRow } from './captions-table';
import { engine } from './engine';
import { asFailure } from './failure';
import type { GivenFile } from './given-files';
import { openPicture, plain, release } from './pictures';

/** A folder whose pictures are captioned one after another. */
export interface Batch {
  readonly total: number;
  readonly rows: readonly CaptionRow[];
  /** Files that could not be captioned, and why, a line each. */
  readonly left: readonly string[];
  readonly running: boolean;
}

export const batch = signal<Batch | undefined>();

/** Which of the batches may still write: a newer one, or Stop, takes the place of the one before. */
let latest = 0;

/** Captions every picture of a folder, in the order of their names; none goes unmentioned. */
export async function captionFolder(files: readonly GivenFile[]): Promise<void> {
  const mine = ++latest;
  const given = files
    // Such as .DS_Store, which no folder of pictures is meant to hold.
    .filter(({ path }) => !/(^|\/)\./.test(path))
    .sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true }));
  let now: Batch = { total: given.length, rows: [], left: [], running: true };
  batch.value = now;
  for (const { file, path } of given) {
    const done = await captionOne(file, path);
    if (mine !== latest) return;
    now =
      typeof done === 'string'
        ? { ...now, left: [...now.left, done] }
        : { ...now, rows: [...now.rows, done] };
    batch.value = now;
  }
  batch.value = { ...now, running: false };
}

/** What was captioned so far stays. */
export function stopBatch(): void {
  latest++;
  if (batch.value) batch.value = { ...batch.value, running: false };
}

export function closeBatch(): void {
  latest++;
  batch.value = undefined;
}

/** @returns why there is no caption, in words, where there is none */
async function captionOne(file: File, path: string): Promise<CaptionRow | string> {
  try {
    const opened = await openPicture(file, path);
    try {
      const { text, logProb, unsure } = await engine.caption(
        plain(opened),
        proxy(() => {}),
      );
      return { image: path, text, logProb, unsure };
    } finally {
      release(opened);
    }
  } catch (error) {
    const { title } = asFailure(error);
    return title.startsWith(path) ? title : `${path}: ${title}`;
  }
}
