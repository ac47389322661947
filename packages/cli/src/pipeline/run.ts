import { join } from 'node:path';
import type { Checkpoint } from '@simvlm/checkpoint';
import type { ExampleDataset, ProcessGroup, Registry } from '@simvlm/core';
import { parameterCount } from '@simvlm/core';
import type { SimVlm } from '@simvlm/model';
import type { SentencePieceTokenizer } from '@simvlm/tokenizer';
import { checkpointTrainerState, type TrainResult, train } from '@simvlm/trainer';
import { metricsWriter } from '@simvlm/trainer/node';
import type * as tf from '@tensorflow/tfjs';
import type { RunConfig } from '../config/run-config';
import { countOf } from '../io/skipped';
import type { Terminal } from '../terminal';
import { runBatches } from './batches';
import { reportBeforeTraining, warmupWarning } from './before-training';
import { checkpointExtras, checkpointTokenizer } from './checkpoint';
import type { RunData } from './data';
import { createModel, createModelFrom } from './model';
import { progressLine, reportTraining, sampleCaptions } from './progress';
import type { RunFolder } from './run-folder';
import { runTokenizer } from './tokenizer';

export interface RunOptions {
  readonly config: RunConfig;
  /** Checkpoints and metrics go there; none where another process writes them. */
  readonly folder?: RunFolder | undefined;
  readonly data: RunData;
  readonly registry: Registry;
  readonly terminal: Terminal;
  /** Go on from here. */
  readonly resume?: Checkpoint;
  /** Start a new run with the weights and the tokenizer of this checkpoint. */
  readonly init?: Checkpoint;
  /** Pictures that are captioned once a minute, for the eye. */
  readonly samples?: ExampleDataset;
  readonly signal?: AbortSignal;
  /** Train as one of several processes; the first of them writes. */
  readonly processes?: ProcessGroup<tf.Tensor>;
}

export interface Run {
  readonly model: SimVlm;
  readonly tokenizer: SentencePieceTokenizer;
  readonly result: TrainResult;
}

/** Trains as the configuration says. The caller disposes the model. */
export async function runTraining(options: RunOptions): Promise<Run> {
  const { config, folder, data, registry, terminal, resume, init, samples, signal, processes } = options;
  const given = resume ?? init;
  const tokenizer = given ? await checkpointTokenizer(given) : await runTokenizer(config, data);
  const model = init
    ? await createModelFrom(init, config, tokenizer, registry)
    : createModel(config, tokenizer, registry);
  terminal.note(
    `${countOf(data.train.length, 'picture')}, ${countOf(data.documents.length, 'document')}, ` +
      `${tokenizer.vocabSize.toLocaleString('en')} pieces, ${millions(parameterCount(model.params))} parameters` +
      (config.lora ? `, ${millions(parameterCount(model.trainable))} of them in adapters` : ''),
  );
  if (folder)
    await reportBeforeTraining(terminal, {
      ...{ config, data, tokenizer, maxTextLength: model.config.maxTextLength },
      tokenizerFrom: given ? 'checkpoint' : config.tokenizer.model === undefined ? 'text' : 'file',
    });
  const fromStep = resume ? (await checkpointTrainerState(resume)).step : 0;
  const onWarning = (error: Error) => terminal.warn(error.message);
  const metrics =
    folder && (await metricsWriter(join(folder.path, 'metrics.jsonl'), { fromStep, onWarning }));
  try {
    const result = await train({
      model,
      batches: runBatches(config, data, tokenizer, model.config, registry),
      config: {
        ...config.optimizer,
        seed: config.seed,
        ...(config.steps !== undefined ? { steps: config.steps } : { minutes: config.minutes! }),
        checkpointSeconds: config.checkpointSeconds,
      },
      callbacks: [
        ...(metrics ? [metrics] : []),
        progressLine(terminal, config.minutes),
        warmupWarning(terminal, config),
        ...(samples ? [sampleCaptions(terminal, model, tokenizer, samples)] : []),
      ],
      ...(folder && { storage: folder.storage }),
      extras: checkpointExtras(config, tokenizer),
      ...(resume && { resume }),
      ...(signal && { signal }),
      ...(processes && { processGroup: processes }),
    });
    await metrics?.flush();
    reportTraining(terminal, result, data.unreadable ?? []);
    return { model, tokenizer, result };
  } catch (error) {
    // What was measured is kept; why the training ended is what the user needs to know.
    await metrics?.flush().catch(onWarning);
    model.dispose();
    throw error;
  }
}

function millions(count: number): string {
  return `${(count / 1e6).toFixed(count < 1e5 ? 4 : 2)} M`;
}
