import {
  type Checkpoint,
  type CheckpointContents,
  fileOf,
  type TensorSource,
  tensorFiles,
  type WeightType,
} from '@simvlm/checkpoint';
import type { MakeError } from '@simvlm/core';
import {
  checkpointModelConfig,
  mergedTensors,
  numberTensors,
  openWeights,
  type SimVlmConfig,
} from '@simvlm/model';
import { loadTokenizer, TOKENIZER_FILES, tokenizerFiles } from '@simvlm/tokenizer';
import { type LiteralJson, literalText, parseLiteral } from './config/json-text';
import { processorFile } from './config/processor-file';
import { families } from './families';
import type { Family } from './families/family';
import { invalid, unsupported } from './invalid';
import { type SourceFacts, sourceOf } from './source';
import { withinFloat16 } from './tensors/float16-range';
import { unmapTensors } from './tensors/unmap-tensors';

/**
 * An imported model, fine-tuned or not, as the files of a folder that transformers loads. Adapters are merged into the weights, which are read
 * as they are written, a part or a tensor at a time.
 *
 * @param options `dtype` of the weights; default F32
 * @throws CheckpointError CHECKPOINT_MISMATCH for a model that was not imported: transformers has no class for it; for weights that are integers
 */
export async function pretrainedContents(
  checkpoint: Checkpoint,
  { dtype = 'F32' }: { readonly dtype?: WeightType } = {},
): Promise<CheckpointContents> {
  const source = await sourceOf(checkpoint);
  const family = source && families.find(({ name }) => name === source.family);
  if (!family)
    throw unsupported(
      `${checkpoint.where} is a model of SimVLM's own, for which transformers has no class; only models that were imported (${families.map(({ name }) => name).join(', ')}) can be given back`,
    );
  const config = await checkpointModelConfig(checkpoint);
  if (config.weights)
    throw unsupported(
      `${checkpoint.where} has weights of ${config.weights.bits}-bit integers, which transformers cannot read; give back the checkpoint that they were made of`,
    );
  const { tensors } = await mergedWeights(checkpoint, config);
  const theirs = [...unmapTensors(tensors, family.tensors(config))].map(
    ([name, tensor]): [string, TensorSource] => [
      name,
      dtype === 'F16' ? withinFloat16(name, tensor) : tensor,
    ],
  );
  return new Map([
    ...jsonFiles(source, family, config, dtype),
    ...(await tokenizerOf(checkpoint, source)),
    ['README.md', card(source)],
    ...tensorFiles('model', theirs, { metadata: { format: 'pt' }, dtype }),
  ]);
}

async function mergedWeights(checkpoint: Checkpoint, config: SimVlmConfig) {
  const weights = numberTensors(await openWeights(checkpoint, config), config, 'all');
  return config.lora ? mergedTensors(weights, config.lora) : weights;
}

/** As they came, but for what fine-tuning may have changed. */
function jsonFiles(
  source: SourceFacts,
  family: Family,
  config: SimVlmConfig,
  dtype: WeightType,
): [string, Uint8Array][] {
  // Older versions of transformers call it torch_dtype.
  const { torch_dtype: _, ...given } = literalOf(source, 'config.json');
  const model = {
    ...family.resized(given, config.imageSize),
    architectures: [...family.architectures],
    dtype: dtype === 'F16' ? 'float16' : 'float32',
  };
  return [
    ['config.json', bytesOf(literalText(model))],
    ...asTheyCame(source, ['generation_config.json']),
    ...processorFiles(source, family, config),
  ];
}

/** The image processor's settings stand in a file of their own, and in newer folders in that of the whole processor. */
function processorFiles(
  source: SourceFacts,
  { imageProcessor }: Family,
  config: SimVlmConfig,
): [string, Uint8Array][] {
  const whole = literalOf(source, 'processor_config.json');
  const inner = whole.image_processor as LiteralJson | undefined;
  const own = literalOf(source, 'preprocessor_config.json');
  const settings = processorFile({ ...inner, ...own }, imageProcessor, config);
  const changed = inner ? { ...whole, image_processor: settings } : whole;
  return [
    ['preprocessor_config.json', bytesOf(literalText(settings))],
    ...(source.files['processor_config.json'] === undefined
      ? []
      : [['processor_config.json', bytesOf(literalText(changed))] as [string, Uint8Array]]),
  ];
}

/** An empty object where there is no such file. */
function literalOf({ files }: SourceFacts, name: string): LiteralJson {
  return parseLiteral(files[name] ?? '{}', `source.json: ${name}`, damaged);
}

const damaged: MakeError = (message, options) => invalid(message, options?.cause);

function asTheyCame({ files }: SourceFacts, names: readonly string[]): [string, Uint8Array][] {
  return names.flatMap((name): [string, Uint8Array][] =>
    files[name] === undefined ? [] : [[name, bytesOf(files[name])]],
  );
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function tokenizerOf(checkpoint: Checkpoint, source: SourceFacts): Promise<[string, Uint8Array][]> {
  const found = new Map<string, Uint8Array>();
  for (const name of TOKENIZER_FILES)
    if (checkpoint.names.includes(name)) found.set(name, await fileOf(checkpoint, name));
  const given = asTheyCame(source, ['tokenizer_config.json', 'special_tokens_map.json']);
  return [...tokenizerFiles(loadTokenizer(found)), ...given];
}

function card({ license, repository }: SourceFacts): Uint8Array {
  const facts = [
    ...(license === undefined ? [] : [`license: ${license}`]),
    ...(repository === undefined ? [] : [`base_model: ${repository}`]),
    'library_name: transformers',
  ];
  const from = repository === undefined ? '' : `, from ${repository}`;
  return bytesOf(`---\n${facts.join('\n')}\n---\n\nExported by SimVLM for TypeScript${from}.\n`);
}
