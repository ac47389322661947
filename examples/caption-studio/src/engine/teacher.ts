import type { Checkpoint, CheckpointFiles, CheckpointStorage } from '@simvlm/checkpoint';
import { type BatchSource, type ExampleStream, Random } from '@simvlm/core';
import {
  arrayDataset,
  captionPrefix,
  createBatchSource,
  datasetSource,
  exampleStream,
  mixture,
} from '@simvlm/data';
import { pictureSquare, prefixLmLearner } from '@simvlm/model';
import { type RunConfig, resolveRunConfig } from '@simvlm/run';
import { type TrainConfig, type TrainResult, train } from '@simvlm/trainer';
import type { Knowledge, Lesson, TeachCallbacks, TeachSettings } from './engine';
import { studioError } from './failures';
import type { LoadedModel } from './model-store';
import { decodePicture } from './pictures';
import { type Drawing, knowledgeOf, type OwnRehearsal, saidOf } from './rehearsal';

export interface PreparedLessons {
  /** Trained on. */
  readonly learned: readonly Drawing[];
  /** Only looked at. */
  readonly heldOut: readonly Drawing[];
}

/** How often what the model says and knows is looked at on the way. */
const LOOKS = 4;
/** Seconds between two checkpoints: what a page that is closed costs at most. */
const CHECKPOINT_SECONDS = 10;

/** What fine-tuning on a handful of pictures takes. */
const optimizer = { weightDecay: 0.01, warmup: 0.05, schedule: 'cosine', clip: 1 } as const;
/** What sees stays as it is: less is forgotten, and a step takes half the time. */
const freeze = ['patcher.*'];

/**
 * How the few pictures are varied: all of each stays in sight, since the visitor's words are for all of it, and shape and colour change,
 * so that it is not learnt by heart.
 */
const augment = 'drawing';

/** @throws StudioError for lessons that cannot be trained on, and for a picture that cannot be used */
export async function prepareLessons(
  lessons: readonly Lesson[],
  imageSize: number,
): Promise<PreparedLessons> {
  const learned: Drawing[] = [];
  const heldOut: Drawing[] = [];
  for (const { picture, caption, heldOut: isHeldOut } of lessons) {
    const text = caption.trim();
    if (text === '')
      throw studioError(
        'LESSONS_UNUSABLE',
        `${picture.name} has no caption`,
        'Write what the picture shows, in a few words.',
      );
    // Twice the model's side: all lessons stay in memory, and the last halving is ours, alike in every browser.
    const image = await decodePicture(picture.file, picture.name, 2 * imageSize);
    (isHeldOut ? heldOut : learned).push({ id: picture.id, text, image });
  }
  if (learned.length === 0)
    throw studioError(
      'LESSONS_UNUSABLE',
      'There is nothing to learn from yet',
      'Add a picture with a caption that is not held out.',
    );
  return { learned, heldOut };
}

export interface Teaching {
  readonly loaded: LoadedModel;
  readonly lessons: PreparedLessons;
  /** What is gone over again between the lessons, half of each batch; without it the model forgets. */
  readonly rehearsal: OwnRehearsal | undefined;
  readonly settings: TeachSettings;
  readonly storage: CheckpointStorage;
  /** Files that belong in every checkpoint. */
  readonly extras: CheckpointFiles;
  readonly resume?: Checkpoint;
  readonly signal: AbortSignal;
  readonly callbacks: Pick<TeachCallbacks, 'onStep' | 'onKnowledge'>;
  /** Lets what waits for the device go first. */
  readonly between: () => Promise<void>;
}

/** Fine-tunes the model in place, until its last step or the signal. */
export function teachLessons(teaching: Teaching): Promise<TrainResult> {
  const { loaded, lessons, rehearsal, settings, callbacks, between, resume, ...rest } = teaching;
  const every = Math.max(1, Math.ceil(settings.steps / LOOKS));
  return train({
    ...rest,
    ...(resume && { resume }),
    learner: prefixLmLearner(loaded.model),
    batches: batchesOf(loaded, lessons, rehearsal, settings),
    config: trainConfig(settings),
    callbacks: [
      {
        async onStep({ step, loss, rowsPerSecond }) {
          const { steps } = settings;
          await callbacks.onStep({ step, steps, loss, rowsPerSecond });
          if (step < steps && step % every === 0)
            await callbacks.onKnowledge({ step, ...(await knowledge(loaded, lessons, rehearsal)) });
          await between();
        },
      },
    ],
  });
}

/** How many lessons the model says rightly, and what it says of what it knew. */
export async function knowledge(
  loaded: LoadedModel,
  { learned, heldOut }: PreparedLessons,
  rehearsal: OwnRehearsal | undefined,
): Promise<Omit<Knowledge, 'step'>> {
  const all = [...learned, ...heldOut];
  const said = await saidOf(loaded, all);
  const right = learned.filter(({ text }, i) => text === said[i]).length;
  return {
    learned: { right, of: learned.length },
    said: Object.fromEntries(all.map(({ id }, i) => [id, said[i]!])),
    known: rehearsal ? await knowledgeOf(loaded, rehearsal) : [],
  };
}

/** The configuration of the run as the command line has it in each checkpoint. */
export function taughtRun(
  { run, model: { config } }: LoadedModel,
  name: string,
  settings: TeachSettings,
): RunConfig {
  const { learningRate, steps, seed, batchSize } = settings;
  const { vocabSize: _, tokens: __, ...own } = config;
  const model = run?.model ?? (own as unknown as RunConfig['model']);
  return resolveRunConfig({
    ...{ name, seed, model, augment, steps },
    ...(run && { tokenizer: run.tokenizer, plugins: run.plugins }),
    data: { train: 'lessons' },
    objective: { kind: 'captioning' },
    batch: { imageText: batchSize, textOnly: 0 },
    optimizer: { learningRate, ...optimizer, freeze },
    checkpoints: { seconds: CHECKPOINT_SECONDS },
  });
}

function trainConfig({ learningRate, steps }: TeachSettings): TrainConfig {
  return { learningRate, steps, ...optimizer, freeze, checkpointSeconds: CHECKPOINT_SECONDS };
}

/**
 * Few pictures fill a batch by coming back in it, each time varied anew. Half of it, on average, is what the model knows already: without that,
 * 100 steps on six lessons cost the shipped model 45 of 115 emoji that it named rightly, with it 18.
 */
function batchesOf(
  { model, tokenizer }: LoadedModel,
  { learned }: PreparedLessons,
  rehearsal: OwnRehearsal | undefined,
  { seed, batchSize }: TeachSettings,
): BatchSource {
  const transform = { ...pictureSquare(model.config), augment } as const;
  const streamOf = (drawings: readonly Drawing[], key: string): ExampleStream =>
    exampleStream({
      source: datasetSource(arrayDataset(drawings)),
      random: Random.fromSeed(seed).fork(key),
      ...{ pictures: { transform }, length: drawings.length },
    });
  const lessons = streamOf(learned, 'data');
  const stream = rehearsal?.rehearsed.length
    ? mixture([
        { stream: lessons, weight: 1 },
        { stream: streamOf(rehearsal.rehearsed, 'rehearsal'), weight: 1 },
      ])
    : lessons;
  return createBatchSource({
    imageText: { stream, batchSize },
    tokenizer,
    maxTextLength: model.config.maxTextLength,
    prefix: captionPrefix,
  });
}
