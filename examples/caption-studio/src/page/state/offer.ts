import { signal } from '@preact/signals';
import { proxy, transfer } from 'comlink';
import type {
  CheckpointFolder,
  CheckpointSource,
  LoadProgress,
  ModelOffer,
  StudioFailure,
} from '../../engine/engine';
import { captionAgain } from './caption';
import { engine, model } from './engine';
import { asFailure } from './failure';
import { chosenFiles, type GivenFile } from './given-files';
import { checkBytes, importNames, isContent } from './import-limits';
import { attempt, report, tell } from './notice';
import { mustOwn } from './owner';
import { showTraining } from './teach';
import { withZip } from './zip';

/** The checkpoint that the visitor may load, and where it is. */
export const offer = signal<{ readonly model: ModelOffer; readonly place: string } | undefined>();
/** A checkpoint is being opened. */
export const opening = signal(false);
/** How far the loading has come; undefined while nothing is loaded. */
export const loading = signal<LoadProgress | undefined>();

/** Opens the folder at an address, without its weights. @throws StudioFailure */
export function offerAddress(address: string): Promise<void> {
  return open({ kind: 'address', address: new URL(address.trim(), location.href).href }, address);
}

/** @throws StudioFailure for what is no archive, or one above a limit of `import-limits.ts` */
export function offerArchive(file: File): Promise<void> {
  return whileOpening(async () => {
    let files: CheckpointFolder;
    try {
      checkBytes(file.size);
      const bytes = new Uint8Array(await file.arrayBuffer());
      files = await withZip(zip => zip.unpack(transfer(bytes, [bytes.buffer])));
    } catch (error) {
      throw about(file.name, error);
    }
    const blobs = files.map(({ name, bytes }) => ({ name, file: new Blob([bytes as BlobPart]) }));
    await open({ kind: 'files', files: blobs }, file.name);
  });
}

/** @throws StudioFailure for a folder above a limit of `import-limits.ts`, before a file is read */
export function offerFolder(given: readonly GivenFile[]): Promise<void> {
  const files = given.filter(({ path }) => isContent(path));
  const names = importNames(files.map(({ path, file }) => ({ path, bytes: file.size })));
  const blobs = files.map(({ file }, i) => ({ name: names[i]!, file }));
  return open({ kind: 'files', files: blobs }, given[0]?.path.split('/')[0] ?? '');
}

export const offerChosen = (files: readonly File[]) => offerFolder(chosenFiles(files));

function open(source: CheckpointSource, place: string): Promise<void> {
  return whileOpening(async () => {
    offer.value = { model: await engine.offer(source), place };
  });
}

async function whileOpening(action: () => Promise<void>): Promise<void> {
  offer.value = undefined;
  opening.value = true;
  try {
    await action();
  } finally {
    opening.value = false;
  }
}

/** Loads what is offered, and captions the picture that is shown with it. */
export async function take(): Promise<void> {
  mustOwn();
  loading.value = { stage: 'weights', loaded: 0, total: offer.value!.model.bytes };
  try {
    const { notice, ...info } = await engine.takeOffered(
      proxy((now: LoadProgress) => {
        loading.value = now;
      }),
    );
    model.value = info;
    offer.value = undefined;
    await showTraining();
    if (notice) report(notice);
    else
      tell('Loaded', `The page now uses the model “${info.name}”${info.borrowed ? ', for this visit' : ''}.`);
  } finally {
    loading.value = undefined;
  }
  void captionAgain().catch(report);
}

export function decline(): void {
  offer.value = undefined;
}

/** Back to the page's own model, or the one that was taught. */
export function giveBack(): Promise<void> {
  return attempt(async () => {
    model.value = await engine.giveBack();
    await captionAgain();
  });
}

/** The failure, with the name of the archive. */
function about(name: string, error: unknown): StudioFailure {
  const failure = asFailure(error);
  return { ...failure, detail: `${name}: ${failure.detail}` };
}
