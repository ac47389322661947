import {
  type ExampleOutline,
  type ExampleStream,
  type Objective,
  Random,
  type Share,
  type StillExample,
  type TaskFactory,
} from '@simvlm/core';
import { type ExampleStreamOptions, exampleStream, mixture, outlineOf, stillExample } from '@simvlm/data';
import { openPicturePool } from '@simvlm/image';
import { pictureSquare, type SimVlmConfig } from '@simvlm/model';
import type { RunConfig } from './config/schema';
import type { Named } from './config/sources';
import type { RunData, RunSource } from './data';
import { squareDataset } from './sources/validation-set';

export interface StreamOptions {
  readonly config: RunConfig;
  readonly data: Pick<RunData, 'train' | 'documents'>;
  /** What its pictures are made for. */
  readonly model: Pick<SimVlmConfig, 'imageSize' | 'picture'>;
  /** The objective of a source that has its own. */
  readonly objective: (named: Named) => Objective;
  /** What records without a picture are: see `TaskFactory`. Default: documents. */
  readonly pictureless?: TaskFactory['pictureless'];
  /** Which of several processes this is. */
  readonly share: Share;
  /** Cores of this machine that are this process's. */
  readonly cores: number;
  /** Is told of a worker that died and was replaced. */
  readonly onProblem?: ((error: Error) => void) | undefined;
}

/** What a run trains on, in the order of training. */
export interface RunStreams {
  /** Pairs; absent when there are none. */
  readonly train?: ExampleStream;
  /** Text alone; absent when there is none. */
  readonly documents?: ExampleStream;
  /** Ends the workers. */
  close(): Promise<void>;
}

/** Threads that decode pictures unless the configuration says: the one that trains needs a core, too. */
const MOST_WORKERS = 8;

/** The sources of a run as streams: each with its own transform and objective, mixed by weight. The caller closes them. */
export async function openStreams(options: StreamOptions): Promise<RunStreams> {
  const { config, data, model, objective, onProblem } = options;
  const { batch, epochs } = config;
  // What no batch has is neither opened nor counted.
  const pictured = batch.imageText > 0 ? present(data.train) : [];
  const written = batch.textOnly > 0 ? present(data.documents) : [];
  const pool = openPicturePool({
    workers: config.data.workers ?? workersFor(pictured, options.cores),
    ...(onProblem && { onProblem }),
  });
  const ahead = aheadOf(pool.workers, Math.ceil(batch.imageText / options.share.size));
  const random = Random.fromSeed(config.seed).fork('data');
  const pictures = pictured.map(async (source, i) => {
    const { augment = config.augment, fit, objective: own } = source.use ?? {};
    const stream = await streamOf(source, options, random.fork('image-text').fork(i), {
      pictures: {
        ...{ pool, transform: { ...pictureSquare(model, fit), augment } },
        isOptional: options.pictureless === 'examples',
      },
      isCounted: epochs !== undefined,
      ...(own && { objective: objective(own) }),
      ...(ahead !== undefined && { ahead }),
    });
    return { stream, weight: source.use?.weight ?? 1 };
  });
  const texts = written.map(async (source, i) => ({
    stream: await streamOf(source, options, random.fork('text-only').fork(i), {
      // Epochs are those of the pictures, where there are any.
      isCounted: epochs !== undefined && batch.imageText === 0,
    }),
    weight: source.use?.weight ?? 1,
  }));
  try {
    // Together: a failure of one must not go unheard while the other is awaited.
    const parts = await Promise.all([Promise.all(pictures), Promise.all(texts)]);
    const [train, documents] = parts.map(mixed);
    return { ...(train && { train }), ...(documents && { documents }), close: () => pool.close() };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

/** Pictures ahead at most, of each source: their memory is that of a few hundred squares. */
const MOST_AHEAD = 256;

/**
 * Pictures that are decoded ahead: those of two steps. A process that trains on its own cores hears nothing of its workers during a step, and they
 * need work until it is over.
 */
function aheadOf(workers: number, rows: number): number | undefined {
  return workers === 0 ? undefined : Math.max(2 * (workers + 1), Math.min(MOST_AHEAD, 2 * rows));
}

interface Made extends Pick<ExampleStreamOptions, 'pictures' | 'objective' | 'ahead'> {
  /** An epoch's length is needed, which costs a pass where nobody knows it. Several processes need it anyway. */
  readonly isCounted: boolean;
}

async function streamOf(
  { source, length, use }: RunSource,
  { config, share }: StreamOptions,
  random: Random,
  { isCounted, ...made }: Made,
): Promise<ExampleStream> {
  const known = length ?? (isCounted || share.size > 1 ? await source.count() : undefined);
  return exampleStream({
    ...{ source, random, share, skipLimit: config.data.skipLimit, identity: await source.identity() },
    ...(known !== undefined && { length: known }),
    ...(use?.shuffle !== undefined && { shuffle: use.shuffle }),
    ...made,
  });
}

/** Those that are not known to have no records. */
function present(sources: readonly RunSource[]): readonly RunSource[] {
  return sources.filter(({ length }) => length !== 0);
}

function mixed(parts: Parameters<typeof mixture>[0]): ExampleStream | undefined {
  return parts.length > 1 ? mixture(parts) : parts[0]?.stream;
}

/** All training examples once, without their pictures. */
export async function* outlinesOf(sources: readonly RunSource[]): AsyncGenerator<ExampleOutline> {
  for (const { source } of sources) for await (const sample of source.read()) yield outlineOf(sample);
}

/** The same with their pictures, which are opened when they are asked for. */
export async function* stillsOf(
  sources: readonly RunSource[],
  model: StreamOptions['model'],
): AsyncGenerator<StillExample> {
  for (const { source, examples, use } of sources) {
    const transform = pictureSquare(model, use?.fit);
    const dataset = examples && squareDataset(examples, transform);
    let index = 0;
    for await (const sample of source.read()) {
      const at = index++;
      yield {
        outline: outlineOf(sample),
        open: async () => (dataset ? dataset.get(at) : stillExample(sample, transform)),
      };
    }
  }
}

function workersFor(sources: readonly RunSource[], cores: number): number {
  if (sources.every(({ isDecoded }) => isDecoded)) return 0;
  return Math.min(MOST_WORKERS, Math.max(1, cores - 1));
}
