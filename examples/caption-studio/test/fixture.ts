import { createHash } from 'node:crypto';
import type { CheckpointFiles } from '@simvlm/checkpoint';
import { SimVlm, type SimVlmConfig } from '@simvlm/model';
import { trainUnigram } from '@simvlm/tokenizer';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { FakeOpfs } from '../../../packages/checkpoint/test/fake-opfs';
import { Backend, type BackendOptions } from '../src/engine/backend';
import type {
  CheckpointFolder,
  Knowledge,
  Lesson,
  ModelInfo,
  Picture,
  StudioFailure,
  TeachSettings,
  TeachStatus,
  TeachStep,
} from '../src/engine/engine';
import type { Rehearsal } from '../src/engine/rehearsal';
import { StudioStorage } from '../src/engine/storage';
import { StudioEngine } from '../src/engine/studio-engine';

const colours = { red: '#d02020', green: '#20a040', blue: '#2040d0' } as const;
const shapes = {
  square: '<rect x="12" y="12" width="40" height="40"/>',
  disc: '<circle cx="32" cy="32" r="24"/>',
  cross: '<path d="M26 8h12v18h18v12h-18v18h-12v-18h-18v-12h18z"/>',
} as const;
type Colour = keyof typeof colours;
type Shape = keyof typeof shapes;

/** A drawing on a transparent ground. */
export async function drawing(colour: Colour, shape: Shape): Promise<Picture> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" fill="${colours[colour]}">${shapes[shape]}</svg>`;
  const png = await sharp(Buffer.from(svg)).png().toBuffer();
  const file = new Blob([new Uint8Array(png)], { type: 'image/png' });
  return { id: `${colour}-${shape}`, name: `${colour} ${shape}.png`, file };
}

/** Three pictures to learn and one that is held out. */
export async function someLessons(): Promise<Lesson[]> {
  const all = [
    ['red', 'disc', false],
    ['green', 'square', false],
    ['blue', 'cross', false],
    ['red', 'square', true],
  ] as const;
  return Promise.all(
    all.map(async ([colour, shape, heldOut]) => ({
      picture: await drawing(colour, shape),
      caption: `a ${colour} ${shape}`,
      heldOut,
    })),
  );
}

export const settings: TeachSettings = { learningRate: 5e-3, batchSize: 4, steps: 12, seed: 1 };

const shape = {
  imageSize: 16,
  width: 32,
  layers: 1,
  heads: 2,
  mlp: 64,
  maxTextLength: 16,
  patcher: { kind: 'linear', patchSize: 4 },
};

/** An untrained checkpoint, as the command line would have written it. */
export async function smallCheckpoint(
  architecture: SimVlmConfig['architecture'] = 'encoder-decoder',
  seed = 1,
): Promise<CheckpointFiles> {
  const captions = Object.keys(colours).flatMap(colour =>
    Object.keys(shapes).map(shape => `a ${colour} ${shape}`),
  );
  const tokenizer = await trainUnigram(captions, { vocabSize: 22, hardVocabLimit: false });
  const { pad, bos, eos } = tokenizer.special;
  const config = { architecture, ...shape, vocabSize: tokenizer.vocabSize, tokens: { pad, bos, eos } };
  const before = tf.getBackend();
  await tf.setBackend('cpu');
  const model = SimVlm.create(config, { seed });
  const weights = await model.saveWeights({ format: 'simvlm' });
  model.dispose();
  if (before) await tf.setBackend(before);
  const run = {
    ...{ name: 'small', model: { architecture, ...shape }, data: { train: 'emoji' }, minutes: 5 },
    optimizer: { learningRate: 1e-3 },
  };
  return new Map([
    ['weights.safetensors', weights],
    ['tokenizer.model', tokenizer.save()],
    ['model.json', json(config)],
    ['run.json', json(run)],
    ['README.md', new TextEncoder().encode('# A small model\n')],
  ]);
}

/** Takes a folder in, as the page does with what the visitor gives it. */
export async function imported(engine: StudioEngine, folder: CheckpointFolder): Promise<ModelInfo> {
  const files = folder.map(({ name, bytes }) => ({ name, file: new Blob([bytes as BlobPart]) }));
  await engine.offer({ kind: 'files', files });
  return engine.takeOffered(() => {});
}

/** Names every content: to compare bytes one by one takes vitest seconds. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The weights that an engine exports, by their content. */
export async function weightsOf(engine: StudioEngine): Promise<string> {
  const folder = await engine.exportCheckpoint();
  return sha256(folder.find(({ name }) => name === 'weights.safetensors')!.bytes);
}

export function json(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export interface EngineOptions {
  readonly shipped: CheckpointFiles;
  /** What the browser keeps; with `null` it keeps nothing. */
  readonly opfs?: FakeOpfs | null;
  readonly backend?: BackendOptions | Backend;
  readonly fetch?: typeof globalThis.fetch;
  readonly rehearsal?: () => Promise<Rehearsal>;
}

/** An engine as a visit has it: another one over the same files is the page after a reload. */
export function newEngine({
  shipped,
  opfs = new FakeOpfs(),
  backend = { prefer: 'wasm' },
  fetch = globalThis.fetch,
  rehearsal,
}: EngineOptions) {
  const storage = opfs === null ? new StudioStorage() : new StudioStorage(opfs.root);
  return new StudioEngine({
    backend: backend instanceof Backend ? backend : new Backend(backend),
    storage,
    shipped: async () => shipped,
    fetch,
    ...(rehearsal && { rehearsal }),
  });
}

/** The shipped model after a short training, so that it says something. */
export async function taughtCheckpoint(architecture: SimVlmConfig['architecture']): Promise<CheckpointFiles> {
  const engine = newEngine({ shipped: await smallCheckpoint(architecture) });
  await engine.teach(await someLessons(), { ...settings, steps: 40, batchSize: 8 }, listener().callbacks);
  const folder = await engine.exportCheckpoint();
  return new Map(folder.map(({ name, bytes }) => [name, bytes]));
}

/** Callbacks that write down what they were told. */
export function listener(onStep: (step: TeachStep) => void | Promise<void> = () => {}) {
  const heard = {
    steps: [] as TeachStep[],
    statuses: [] as TeachStatus[],
    notices: [] as StudioFailure[],
    knowledge: [] as Knowledge[],
  };
  return {
    heard,
    callbacks: {
      async onStep(step: TeachStep) {
        heard.steps.push(step);
        await onStep(step);
      },
      onKnowledge: (knowledge: Knowledge) => void heard.knowledge.push(knowledge),
      onStatus: (status: TeachStatus) => void heard.statuses.push(status),
      onNotice: (notice: StudioFailure) => void heard.notices.push(notice),
    },
  };
}

/** The plain failure that a call ends with. */
export async function failureOf(action: Promise<unknown>): Promise<StudioFailure> {
  try {
    await action;
  } catch (error) {
    // What crosses from the worker to the page is data, not an Error.
    if (error instanceof Error) throw error;
    return error as StudioFailure;
  }
  throw new Error('it did not fail');
}

export { FakeOpfs };
