import { type Checkpoint, type CheckpointStorage, openHttpCheckpoint } from '@simvlm/checkpoint';
import {
  ConfigError,
  DataError,
  type EvaluationResult,
  type ExampleDataset,
  type Plugin,
  type Registry,
  type RgbImage,
  type SampleSource,
  type TrainCallback,
} from '@simvlm/core';
import { captionMetrics, predictCaptions } from '@simvlm/eval';
import type { TrainResult } from '@simvlm/trainer';
import { atKey } from './at-key';
import { type Caption, Captioner, type CaptionOptions, openCaptioner } from './captioner';
import { checkParts } from './check-parts';
import { resolveRunConfig } from './config/resolve';
import type { RunConfig, RunConfigInput } from './config/schema';
import type { RunData } from './data';
import { pluginAdvice } from './plugin-advice';
import { ownParts } from './registry';
import { type Reporter, silent } from './reporter';
import { checkResume } from './resume';
import { loadSources } from './sources/load';
import { type Places, webPlaces } from './sources/places';
import type { ReadTokenizer } from './tokenizer';
import { runTraining } from './training';

export interface OpenRunOptions {
  /** Where checkpoints go and are found again: a folder, OPFS, memory. Without it nothing is kept but the model in memory. */
  readonly storage?: CheckpointStorage;
  /** Plug-ins beside ours. */
  readonly plugins?: readonly Plugin[];
  /** Data of the program's own, by the name that `{ "source": NAME }` of the configuration has. */
  readonly sources?: Readonly<Record<string, ExampleDataset | SampleSource>>;
  /** Where the run says what people should know; default: nowhere. */
  readonly reporter?: Reporter;
  /** Stops the reading of data. */
  readonly signal?: AbortSignal;
}

export interface RunTrainOptions {
  /**
   * Goes on from the newest checkpoint of the storage, exactly where it stopped, and begins where there is none. Without it a storage that
   * holds a checkpoint is an error, so that no run writes over another.
   */
  readonly resume?: boolean;
  readonly callbacks?: readonly TrainCallback[];
  /** Stops after the step in progress; a checkpoint is written. */
  readonly signal?: AbortSignal;
}

/** What a run needs of where it runs: Node has folders, files and packages, a page has none of them. */
export interface RunHost {
  /** Ours and what the configuration names. */
  registry(config: RunConfig): Promise<Registry>;
  loadData(config: RunConfig, options: LoadDataOptions): Promise<RunData>;
  readonly readTokenizer: ReadTokenizer;
  readonly places: Places;
  /** Cores of the machine, where the host knows. */
  readonly cores?: number;
  /** What `init` names. */
  openCheckpoint(name: string, reporter: Reporter): Promise<Checkpoint>;
}

export interface LoadDataOptions {
  readonly registry: Registry;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
  /** The run goes on from a checkpoint, which has its tokenizer: no text is read to learn one. */
  readonly goesOn?: boolean | undefined;
}

/** Validation pictures that `validate` captions unless it is told otherwise. */
const VALIDATION = 500;

/** A training run: made by `openRun`, the same in Node and in a page. It has the model's memory until `dispose`. */
export class Run {
  #captioner: Captioner | undefined;

  constructor(
    /** With every default. */
    readonly config: RunConfig,
    readonly data: RunData,
    private readonly registry: Registry,
    private readonly host: RunHost,
    private readonly options: OpenRunOptions,
  ) {}

  /** Trains to the end, or until the signal. @throws ConfigError, and what `train` of `@simvlm/trainer` does */
  async train({ resume = false, callbacks = [], signal }: RunTrainOptions = {}): Promise<TrainResult> {
    const { config, data, registry, host } = this;
    const { storage, reporter = silent } = this.options;
    const latest = await storage?.latest();
    if (latest && !resume)
      throw new ConfigError(
        'CONFIG_INVALID',
        `${latest.where} is of a run that has begun: go on with train({ resume: true }), or give another storage`,
      );
    if (latest) await checkResume(latest, config, reporter);
    const init = latest || config.init === undefined ? undefined : await this.#openInit(config.init);
    const { model, tokenizer, result } = await runTraining({
      ...{ config, data, registry, reporter, storage, resume: latest, init, signal },
      readTokenizer: host.readTokenizer,
      places: host.places,
      cores: host.cores,
      callbacks: () => callbacks,
    });
    this.dispose();
    this.#captioner = new Captioner(model, tokenizer, config);
    return result;
  }

  /**
   * How well the model captions the validation pictures: `exactMatch` and `wordF1`, from 0 to 1, and `count`.
   *
   * @param limit pictures at most; default 500
   * @throws DataError when the run has no validation pictures
   */
  async validate({
    limit = VALIDATION,
    signal,
  }: {
    limit?: number;
    signal?: AbortSignal;
  } = {}): Promise<EvaluationResult> {
    const { val } = this.data;
    if (!val || val.length === 0)
      throw new DataError(
        'DATA_NOT_FOUND',
        'this run has no validation pictures: give "data.val" or "data.valShare"',
      );
    const { model, tokenizer, prompt } = await this.captioner();
    const { predictions } = await predictCaptions(model, tokenizer, val, {
      ...{ limit, prompt },
      ...(signal && { signal }),
    });
    return captionMetrics(predictions);
  }

  /** Captions pictures of any size, in their order. */
  async caption(pictures: readonly RgbImage[], options?: CaptionOptions): Promise<Caption[]> {
    return (await this.captioner()).caption(pictures, options);
  }

  /** The model as it is: trained here, or from the newest checkpoint of the storage. It stays the run's. */
  async captioner(): Promise<Captioner> {
    if (this.#captioner) return this.#captioner;
    const latest = await this.options.storage?.latest();
    if (!latest) throw new ConfigError('CONFIG_INVALID', 'this run has no model yet: train it first');
    return (this.#captioner = await openCaptioner(latest, { registry: this.registry }));
  }

  async #openInit(name: string): Promise<Checkpoint> {
    try {
      return await this.host.openCheckpoint(name, this.options.reporter ?? silent);
    } catch (error) {
      throw atKey('init', error);
    }
  }

  dispose(): void {
    this.#captioner?.dispose();
    this.#captioner = undefined;
  }
}

/**
 * Opens a run: checks its configuration and reads its data. It runs wherever JavaScript does; `@simvlm/run/node` has one that also knows
 * folders, files and packages.
 *
 * @throws ConfigError, PluginError for a configuration that cannot be; DataError for data that cannot be used
 */
export function openRun(config: RunConfigInput, options: OpenRunOptions = {}): Promise<Run> {
  return openRunOn(pageHost, config, options);
}

/** The same for a host. */
export async function openRunOn(host: RunHost, given: RunConfigInput, options: OpenRunOptions): Promise<Run> {
  const config = resolveRunConfig(given);
  const { plugins = [], sources = {}, reporter = silent, signal, storage } = options;
  const registry = (await host.registry(config)).use(...plugins, {
    name: 'the sources of this program',
    setup(own) {
      for (const [name, examples] of Object.entries(sources))
        own.register('source', name, async () => examples);
    },
  });
  try {
    checkParts(config, registry);
  } catch (error) {
    throw pluginAdvice(error);
  }
  const goesOn = (await storage?.latest()) !== undefined;
  const data = await host.loadData(config, { registry, reporter, signal, goesOn });
  return new Run(config, data, registry, host, options);
}

/** No folders, no files: sources are registered or on the web, as checkpoints are. What `plugins` names, the program passes. */
const pageHost: RunHost = {
  registry: async () => ownParts(),
  places: webPlaces,
  loadData: (config, options) => loadSources(config, { ...options, places: webPlaces }),
  async readTokenizer() {
    throw new ConfigError('CONFIG_INVALID', '"tokenizer.model": files are read in Node only');
  },
  openCheckpoint: name => openHttpCheckpoint(name),
};
