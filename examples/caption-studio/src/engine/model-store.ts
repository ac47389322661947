import { type Checkpoint, fileOf } from '@simvlm/checkpoint';
import { parameterCount } from '@simvlm/core';
import { modelParameters, type SimVlm } from '@simvlm/model';
import { type DoubtScale, modelSquare, openCaptioner, type RunConfig } from '@simvlm/run';
import type { AnyTokenizer } from '@simvlm/tokenizer';
import type { ModelInfo } from './engine';
import { originOf } from './origin';

/** Bytes of a model card that are shown. */
const MAX_CARD = 2 ** 18;

/** A model on the backend, with what belongs to it. */
export interface LoadedModel {
  readonly model: SimVlm;
  readonly tokenizer: AnyTokenizer;
  /** The configuration of the run that made it; none of a model that others have trained. */
  readonly run: RunConfig | undefined;
  /** How it tells what it does not know; none of a model that was never calibrated. */
  readonly doubt: DoubtScale | undefined;
  readonly info: ModelInfo;
}

/**
 * Makes the model of a checkpoint. On an error nothing is left of it.
 *
 * @throws CheckpointError and the like, for a checkpoint that is damaged, or whose files do not belong together
 */
export async function openModel(
  checkpoint: Checkpoint,
  { name, borrowed = false }: { readonly name: string; readonly borrowed?: boolean },
): Promise<LoadedModel> {
  const card = checkpoint.names.includes('README.md') ? await fileOf(checkpoint, 'README.md') : undefined;
  const origin = await originOf(checkpoint);
  const { model, tokenizer, config: run, doubtScale: doubt } = await openCaptioner(checkpoint);
  const { imageSize, vocabSize, architecture } = model.config;
  const info: ModelInfo = {
    ...{ name, borrowed, imageSize, vocabSize, architecture },
    parameters: parameterCount(modelParameters(model.config)),
    grid: model.network.grid,
    fit: modelSquare(model.config, run).fit ?? 'crop',
    ...(card && { card: new TextDecoder().decode(card.subarray(0, MAX_CARD)) }),
    ...(origin && { origin }),
  };
  return { model, tokenizer, run, doubt, info };
}
