import { type Checkpoint, type CheckpointFiles, checkpointFiles, memoryCheckpoint } from '@simvlm/checkpoint';
import { checkpointFolder } from '@simvlm/checkpoint/browser';
import { isSimVlmError } from '@simvlm/core';
import { checkpointDoubt } from '@simvlm/run';
import * as tf from '@tensorflow/tfjs-core';
import type { Backend } from './backend';
import { captionPicture } from './captioner';
import { compareCandidates } from './compare';
import type {
  Caption,
  CheckpointFolder,
  CheckpointSource,
  Comparison,
  Engine,
  Lesson,
  LoadProgress,
  ModelInfo,
  ModelOffer,
  Picture,
  SavedTraining,
  Started,
  StudioFailure,
  TeachCallbacks,
  TeachSettings,
  TeachStatus,
  TextProblems,
} from './engine';
import { StudioError, studioError, toFailure } from './failures';
import { textProblems } from './lost-text';
import { type LoadedModel, openModel } from './model-store';
import { type Offered, openOffer, withProgress } from './offer';
import { decodePicture, inspectPicture } from './pictures';
import type { Rehearsal } from './rehearsal';
import { teachSession } from './session';
import { type StudioStorage, withNote, withoutNote } from './storage';
import { Turns } from './turns';

type OnProgress = (progress: LoadProgress) => void | Promise<void>;

export interface EngineParts {
  readonly backend: Backend;
  readonly storage: StudioStorage;
  /** Loads the shipped checkpoint. */
  readonly shipped: (onProgress: OnProgress) => Promise<CheckpointFiles>;
  /** Pictures that keep what a model knows while it is taught; absent: it is taught without. */
  readonly rehearsal?: () => Promise<Rehearsal>;
  /** Asks other machines, for a checkpoint whose address the visitor gave. */
  readonly fetch: typeof globalThis.fetch;
}

/** Bytes of weights, at most, of an import that is kept for the next visit and can be taught: all of it is in memory then. */
const KEPT_BYTES = 256 * 2 ** 20;

/** Of a picture larger than that, so many times the model's side are decoded. */
const DECODED_SIDES = 8;

/**
 * The engine of the page. The truth is a checkpoint in memory: the last that was saved, else the shipped one. The model on the device is
 * made from it, and made anew when the device was lost.
 */
export class StudioEngine implements Engine {
  readonly #parts: EngineParts;
  readonly #turns = new Turns();
  #shipped: CheckpointFiles | undefined;
  #rehearsal: Promise<Rehearsal> | undefined;
  #loaded: LoadedModel | undefined;
  /** What the visitor was shown last of a checkpoint. */
  #offered: Offered | undefined;
  /** In place of what is kept: a checkpoint that stays where it is, and is read from there again after a lost device. */
  #borrowed: { readonly checkpoint: Checkpoint; readonly name: string } | undefined;
  /** A training that runs, or waits for its turn. */
  #training: { readonly stop: AbortController; readonly ended: Promise<unknown> } | undefined;
  /** The training has the model. */
  #isTeaching = false;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  start(onProgress: OnProgress): Promise<Started> {
    return this.#turn(async () => {
      await onProgress({ stage: 'backend', loaded: 0, total: 0 });
      await this.#parts.backend.ready();
      const notices = await this.#loadSaved();
      if (!this.#loaded) this.#shipped ??= await this.#parts.shipped(onProgress);
      await onProgress({ stage: 'compile', loaded: 0, total: 0 });
      return { ...(await this.#describe()), notices };
    });
  }

  info(): Promise<Pick<Started, 'backend' | 'model'>> {
    return this.#turn(() => this.#describe());
  }

  inspect(file: Blob, name: string): Promise<{ width: number; height: number }> {
    return this.#told(() => inspectPicture(file, name));
  }

  caption(picture: Picture, onText: (text: string) => void | Promise<void>): Promise<Caption> {
    return this.#turn(async () => {
      const loaded = await this.#ready();
      return captionPicture(loaded, await pixelsOf(picture, loaded), onText);
    });
  }

  compare(picture: Picture, candidates: readonly string[]): Promise<Comparison> {
    return this.#turn(async () => {
      const loaded = await this.#ready();
      return compareCandidates(loaded, await pixelsOf(picture, loaded), candidates);
    });
  }

  check(texts: readonly string[]): Promise<TextProblems[]> {
    return this.#turn(async () => textProblems(texts, await this.#ready()));
  }

  teach(
    lessons: readonly Lesson[],
    settings: TeachSettings,
    callbacks: TeachCallbacks,
  ): Promise<TeachStatus> {
    if (this.#training)
      return this.#told(async () => {
        throw studioError('UNEXPECTED', 'A training is running already', 'Pause it first.');
      });
    const stop = new AbortController();
    const ended = this.#turn(() => this.#teach(lessons, settings, callbacks, stop.signal)).finally(() => {
      this.#training = undefined;
    });
    // Who waits for the end of it is not who hears what went wrong.
    this.#training = { stop, ended: ended.catch(() => {}) };
    return ended;
  }

  async pause(): Promise<void> {
    const training = this.#training;
    training?.stop.abort();
    await training?.ended;
  }

  undo(): Promise<ModelInfo> {
    return this.#change(onNotice => this.#parts.storage.undo(() => this.#shippedFiles(), onNotice));
  }

  reset(): Promise<ModelInfo> {
    return this.#change(async onNotice => {
      // First, as it may fail without a network.
      await this.#shippedFiles();
      if (this.#parts.storage.latest)
        await this.#parts.storage.replace(undefined, () => this.#shippedFiles(), onNotice);
      this.#borrowed = undefined;
    });
  }

  saved(lessons: readonly Lesson[]): Promise<SavedTraining | undefined> {
    // In its turn, so that a page that asks at once hears of it after the start.
    return this.#turn(() => this.#parts.storage.training(lessons));
  }

  async reopen(): Promise<Started> {
    await this.#turnWithoutTraining(async () => {
      this.#borrowed = undefined;
      this.#unload();
    });
    return this.start(() => {});
  }

  exportCheckpoint(): Promise<CheckpointFolder> {
    return this.#turn(async () => {
      const folder = await checkpointFolder(withoutNote(await this.#files()));
      return [...folder].map(([name, bytes]) => ({ name, bytes }));
    });
  }

  offer(source: CheckpointSource): Promise<ModelOffer> {
    return this.#turn(async () => {
      this.#offered = undefined;
      // What a backend has room for is part of the offer.
      await this.#device();
      this.#offered = await openOffer(source, this.#parts.fetch);
      return this.#offered.offer;
    });
  }

  takeOffered(onProgress: OnProgress): Promise<ModelInfo> {
    return this.#turnWithoutTraining(async () => {
      const { checkpoint, offer } = this.#offered!;
      if (offer.refusal) throw new StudioError(offer.refusal);
      await this.#device();
      const { name } = offer;
      const borrowed = offer.remote || offer.bytes > KEPT_BYTES;
      // Whatever is wrong with it is known before the old model goes.
      const loaded = await openModel(withProgress(checkpoint, offer.bytes, onProgress), { name, borrowed });
      const files = borrowed ? undefined : await checkpointFiles(checkpoint);
      this.#unload();
      this.#loaded = loaded;
      this.#borrowed = borrowed ? { checkpoint, name } : undefined;
      this.#offered = undefined;
      let notice: StudioFailure | undefined;
      if (files) {
        const note = { name, savedAt: new Date().toISOString(), losses: [] };
        const keep = async (failure: StudioFailure) => void (notice = failure);
        await this.#parts.storage.replace(withNote(files, note), () => this.#shippedFiles(), keep);
      }
      return { ...(await this.#info()), ...(notice && { notice }) };
    });
  }

  giveBack(): Promise<ModelInfo> {
    return this.#turnWithoutTraining(async () => {
      this.#borrowed = undefined;
      this.#unload();
      return this.#info();
    });
  }

  async loseDevice(): Promise<boolean> {
    return this.#parts.backend.lose();
  }

  async memory(): Promise<{ tensors: number; bytes: number }> {
    const { numTensors, numBytes } = tf.memory();
    return { tensors: numTensors, bytes: numBytes };
  }

  async #teach(
    lessons: readonly Lesson[],
    settings: TeachSettings,
    callbacks: TeachCallbacks,
    signal: AbortSignal,
  ): Promise<TeachStatus> {
    const loaded = await this.#ready();
    this.#isTeaching = true;
    try {
      const status = await teachSession({
        ...{ loaded, lessons, settings, callbacks, signal, storage: this.#parts.storage },
        ...(this.#parts.rehearsal && { rehearsal: () => this.#rehearse() }),
        files: withoutNote(await this.#files()),
        between: () => this.#turns.between(),
        failureOf: error => this.#failureOf(error),
      });
      if (status.state === 'failed') this.#unload();
      else {
        const { latest, note } = this.#parts.storage;
        const doubt = await checkpointDoubt(memoryCheckpoint(latest!), loaded.model.network.imageWidth);
        this.#loaded = { ...loaded, doubt, info: { ...loaded.info, name: note!.name } };
      }
      return status;
    } finally {
      this.#isTeaching = false;
    }
  }

  /** Opened when it is first needed. */
  #rehearse(): Promise<Rehearsal> {
    this.#rehearsal ??= this.#parts.rehearsal!().catch(error => {
      this.#rehearsal = undefined;
      throw error;
    });
    return this.#rehearsal;
  }

  /** What a visit before has left. What is wrong with it is told, and does not stop the start. */
  async #loadSaved(): Promise<StudioFailure[]> {
    const { storage } = this.#parts;
    try {
      await storage.load();
      if (!this.#loaded && storage.latest)
        this.#loaded = await openModel(memoryCheckpoint(withoutNote(storage.latest)), {
          name: storage.note!.name,
        });
      return [];
    } catch (error) {
      const failure = await this.#failureOf(error);
      if (!isSimVlmError(error) || failure.code === 'GPU_LOST') throw error;
      storage.forget();
      if (failure.code !== 'CHECKPOINT_DAMAGED' && failure.code !== 'CHECKPOINT_MISMATCH') return [failure];
      return [
        {
          ...failure,
          title: 'What was taught before is damaged',
          advice: 'The page goes on with the model that it came with. An exported copy can be imported.',
        },
      ];
    }
  }

  async #describe(): Promise<Pick<Started, 'backend' | 'model'>> {
    const model = await this.#info();
    return { backend: await this.#parts.backend.ready(), model };
  }

  /** Of the model in use, on a device that works. */
  async #info(): Promise<ModelInfo> {
    const { info } = await this.#ready();
    const back = await this.#parts.storage.nameBefore();
    return { ...info, ...(back !== undefined && { back }) };
  }

  /** Puts another checkpoint in the place of the one in use. */
  #change(action: (onNotice: (notice: StudioFailure) => Promise<void>) => Promise<void>): Promise<ModelInfo> {
    return this.#turnWithoutTraining(async () => {
      let notice: StudioFailure | undefined;
      await action(async failure => void (notice = failure));
      this.#unload();
      return { ...(await this.#info()), ...(notice && { notice }) };
    });
  }

  async #shippedFiles(): Promise<CheckpointFiles> {
    this.#shipped ??= await this.#parts.shipped(() => {});
    return this.#shipped;
  }

  /** The model, on a device that works. */
  async #ready(): Promise<LoadedModel> {
    // A caption between two steps of a training must not take the model from under it.
    if (this.#isTeaching) return this.#loaded!;
    await this.#device();
    this.#loaded ??= this.#borrowed
      ? await openModel(this.#borrowed.checkpoint, { name: this.#borrowed.name, borrowed: true })
      : await openModel(memoryCheckpoint(withoutNote(await this.#files())), {
          name: this.#parts.storage.note?.name ?? 'shipped',
        });
    return this.#loaded;
  }

  async #device(): Promise<void> {
    // While the lost backend is still there, which knows what to free.
    if (this.#parts.backend.failure) this.#unload();
    await this.#parts.backend.ready();
  }

  /** All of the checkpoint in use. @throws StudioError for one that is lent, which is where it came from */
  async #files(): Promise<CheckpointFiles> {
    if (this.#borrowed)
      throw studioError(
        'CHECKPOINT_TOO_LARGE',
        'This model is lent for captions only',
        'Teach it on the command line (simvlm finetune), or import it from a folder if it has less than 256 MiB. The checkpoint itself is where it came from.',
        new Error(this.#borrowed.checkpoint.where),
      );
    return this.#parts.storage.latest ?? this.#shippedFiles();
  }

  #unload(): void {
    this.#loaded?.model.dispose();
    this.#loaded = undefined;
  }

  /** A turn on the device: where that failed, whatever is thrown comes of it. */
  #turn<T>(job: () => Promise<T>): Promise<T> {
    return this.#told(
      () => this.#turns.run(job),
      error => this.#failureOf(error),
    );
  }

  /** The same, for what changes the model: a training that runs is paused first. */
  async #turnWithoutTraining<T>(job: () => Promise<T>): Promise<T> {
    while (this.#training) await this.pause();
    return this.#turn(job);
  }

  /** Makes a plain `StudioFailure` of whatever is thrown. */
  async #told<T>(
    action: () => Promise<T>,
    failureOf: (error: unknown) => StudioFailure | Promise<StudioFailure> = toFailure,
  ): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw await failureOf(error);
    }
  }

  async #failureOf(error: unknown): Promise<StudioFailure> {
    return (await this.#parts.backend.failureBehind()) ?? toFailure(error);
  }
}

function pixelsOf({ file, name }: Picture, { info }: LoadedModel) {
  return decodePicture(file, name, DECODED_SIDES * info.imageSize);
}
