import {
  type Checkpoint,
  checkFits,
  checkShape,
  FILES,
  finiteTensors,
  jsonOf,
  openTensors,
  storedShape,
  TENSORS,
  type TensorSet,
} from '@simvlm/checkpoint';
import {
  CheckpointError,
  ConfigError,
  declaredParameters,
  type ParameterScope,
  type ParameterSpec,
  type ParameterTree,
  type Registry,
  type Tokenizer,
} from '@simvlm/core';
import { checkModelConfig } from './check-config';
import type { SimVlmConfig } from './config';
import { isAdapter } from './finetune/lora';
import { buildNetwork } from './network';
import { defaultRegistry, modelParameters, SimVlm } from './simvlm';
import { checkFitsMemory } from './weights/fits-memory';
import { numberTensors } from './weights/quantize';

export interface OpenOptions {
  /** Where patchers are looked up; default: our own. */
  readonly registry?: Registry;
  /** The tokenizer that comes with the model: refused where it is another model's. */
  readonly tokenizer?: Tokenizer;
}

/** The model configuration of a checkpoint. @throws CheckpointError when it is missing, or makes no model */
export async function checkpointModelConfig(checkpoint: Checkpoint): Promise<SimVlmConfig> {
  const value = await jsonOf(checkpoint, FILES.model);
  try {
    return checkModelConfig(value as unknown as SimVlmConfig);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CheckpointError('CHECKPOINT_INVALID', `${checkpoint.where}: ${FILES.model}: ${error.message}`, {
      cause: error,
    });
  }
}

/**
 * Makes the model of a checkpoint, for use. Of its files only configuration and weights are read, each weight once; nothing is allocated
 * before names and shapes of the weights are those of the configuration. A number that is not finite is refused.
 *
 * @throws CheckpointError when the checkpoint is damaged, or its files are of different models; PluginError for a patcher that is not registered;
 *   BackendError OUT_OF_MEMORY when the backend cannot hold the weights, before any file of weights is opened
 */
export async function openSimVlm(
  checkpoint: Checkpoint,
  { registry = defaultRegistry(), tokenizer }: OpenOptions = {},
): Promise<SimVlm> {
  const config = await checkpointModelConfig(checkpoint);
  checkNoClassifier(checkpoint);
  if (tokenizer) checkTokenizer(config, tokenizer);
  // Before gigabytes are read to verify them.
  checkFitsMemory(() => modelParameters(config, registry));
  const weights = await openWeights(checkpoint, config, registry);
  const model = SimVlm.create(config, { init: 'zeros', registry });
  try {
    await model.loadTensors(weights);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/**
 * A classifier's head takes the place of the model's own, so that its weights are those of no captioner.
 *
 * @throws CheckpointError CHECKPOINT_MISMATCH for a checkpoint of a classifier
 */
export function checkNoClassifier(checkpoint: Checkpoint): void {
  if (checkpoint.names.includes(FILES.classifier))
    throw new CheckpointError(
      'CHECKPOINT_MISMATCH',
      `${checkpoint.where} is of a classifier, which gives labels and no captions: evaluate it, or resume its training, as the task it was trained for; captions, exports and new runs need the captioner that it was made from`,
    );
}

/**
 * The weights of a checkpoint, known to be those of the configuration. Reading one that is not finite fails.
 *
 * @throws CheckpointError
 */
export async function openWeights(
  checkpoint: Checkpoint,
  config: SimVlmConfig,
  registry = defaultRegistry(),
): Promise<TensorSet> {
  checkNoClassifier(checkpoint);
  const weights = numberTensors(await openTensors(checkpoint, TENSORS.weights), config, 'filters', registry);
  checkWeights(config, weights, registry);
  return finiteTensors(weights, TENSORS.weights);
}

/**
 * What a model starts or fills up with need not be a piece of its tokenizer: neither is text.
 *
 * @throws CheckpointError when a tokenizer has other pieces than the model was trained with
 */
export function checkTokenizer(
  { vocabSize, tokens }: SimVlmConfig,
  { vocabSize: pieces, special }: Tokenizer,
): void {
  const known = vocabSize - (tokens.beyond ?? 0);
  const differing = (['pad', 'bos', 'eos'] as const).find(key => {
    const [own, piece] = [tokens[key], special[key]];
    if (own === piece || key === 'eos') return own !== piece;
    // GPT-2 starts with its end, and has no piece to fill up with or takes the end for that; BLIP starts with a token of its own.
    return own < known && piece >= 0 && piece !== special.eos && own !== special.eos;
  });
  if (known === pieces && differing === undefined) return;
  const what =
    known !== pieces
      ? `the tokenizer has ${pieces} pieces, the model knows ${known}`
      : `the ${differing} token is ${special[differing!]} in the tokenizer and ${tokens[differing!]} in the model`;
  throw new CheckpointError('CHECKPOINT_MISMATCH', `${what}: they are of different models`);
}

/**
 * Compares names and shapes of weights with those of a configuration, and allocates none of them: each declaration is compared as it is
 * made, so that a configuration larger than its weights ends at the first that is not there.
 *
 * @param what names the weights in messages; default `weights`
 * @throws CheckpointError when a weight is missing, too many or of another shape
 */
export function checkWeights(
  config: SimVlmConfig,
  { tensors }: Pick<TensorSet, 'tensors'>,
  registry = defaultRegistry(),
  what: string = TENSORS.weights,
): void {
  const adapted = [...tensors.keys()].some(isAdapter);
  const params: ParameterTree<ParameterSpec> = declaredParameters(scope =>
    buildNetwork(config, comparing(scope, tensors, adapted, what), registry),
  );
  checkFits(adapted ? params : params.filter(name => !isAdapter(name)), tensors, what);
}

function comparing<P>(
  scope: ParameterScope<P>,
  tensors: TensorSet['tensors'],
  adapted: boolean,
  what: string,
  prefix = '',
): ParameterScope<P> {
  return {
    ...scope,
    param(name, shape, init, dtype = 'float32') {
      const full = prefix + name;
      if (adapted || !isAdapter(full))
        checkShape(full, storedShape({ shape, dtype }), tensors.get(full)?.shape, what);
      return scope.param(name, shape, init, dtype);
    },
    scope: name => comparing(scope.scope(name), tensors, adapted, what, `${prefix}${name}.`),
  };
}
