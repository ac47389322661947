import { signal } from '@preact/signals';
import { proxy } from 'comlink';
import type { Caption, Comparison } from '../../engine/engine';
import { engine, refresh } from './engine';
import { openPicture, plain, release, type ShownPicture } from './pictures';
import { readSample, type Sample, samples } from './samples';

export const picture = signal<ShownPicture | undefined>();
/** The caption so far. */
export const text = signal('');
export const caption = signal<Caption | undefined>();
export const captioning = signal(false);
/** Index of the word whose attention is shown over the picture. */
export const lookedAt = signal<number | undefined>();

export const candidates = signal<readonly string[]>(samples.slice(0, 5).map(({ name }) => name));
export const comparison = signal<Comparison | undefined>();
export const comparing = signal(false);

// What comes late for a picture that was replaced is dropped.
let latest = 0;
let latestComparison = 0;

/** Shows a file and captions it. The picture before stays where the file cannot be used; the failure is thrown. */
export async function show(file: Blob, name: string): Promise<void> {
  const mine = ++latest;
  const opened = await openPicture(file, name);
  if (mine !== latest) return release(opened);
  const before = picture.value;
  picture.value = opened;
  if (before) release(before);
  await captionAgain();
}

export async function showSample(sample: Sample): Promise<void> {
  await show(await readSample(sample), sample.name);
}

/** Captions the shown picture with the model as it is now. */
export async function captionAgain(): Promise<void> {
  const shownNow = picture.value;
  if (!shownNow) return;
  const mine = ++latest;
  text.value = '';
  caption.value = undefined;
  lookedAt.value = undefined;
  comparison.value = undefined;
  captioning.value = true;
  try {
    const onText = (soFar: string) => {
      if (mine === latest) text.value = soFar;
    };
    const done = await engine.caption(plain(shownNow), proxy(onText));
    if (mine !== latest) return;
    caption.value = done;
    text.value = done.text;
    // After a lost GPU the engine may be on another backend.
    await refresh();
  } finally {
    if (mine === latest) captioning.value = false;
  }
  if (mine === latest) await compare();
}

/** Scores the candidates for the shown picture. */
async function compare(): Promise<void> {
  const shownNow = picture.value;
  if (!shownNow) return;
  const mine = ++latestComparison;
  comparing.value = true;
  try {
    const found = await engine.compare(plain(shownNow), candidates.value);
    if (mine === latestComparison && shownNow === picture.value) comparison.value = found;
  } finally {
    if (mine === latestComparison) comparing.value = false;
  }
}

export async function addCandidate(candidate: string): Promise<void> {
  const tidy = candidate.trim();
  if (tidy === '' || candidates.value.includes(tidy)) return;
  candidates.value = [...candidates.value, tidy];
  await compare();
}

export async function removeCandidate(candidate: string): Promise<void> {
  candidates.value = candidates.value.filter(other => other !== candidate);
  await compare();
}
