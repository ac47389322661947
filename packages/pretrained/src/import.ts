import {
  type Checkpoint,
  type CheckpointContents,
  FILES,
  fileOf,
  jsonFile,
  TENSORS,
  type TensorSet,
  type TensorSource,
  tensorFiles,
  type WeightType,
} from '@simvlm/checkpoint';
import { ConfigError, decodeText, type MakeError, parseJsonObject } from '@simvlm/core';
import { checkModelConfig, type SimVlmConfig } from '@simvlm/model';
import { type AnyTokenizer, loadTokenizer, TOKENIZER_FILES, tokenizerFiles } from '@simvlm/tokenizer';
import { ConfigObject } from './config/config-object';
import { generationOf, ignoredGeneration } from './config/generation';
import { pictureOf } from './config/picture';
import { familyOf } from './families';
import { isCheckpoint } from './hub/needed-files';
import { invalid, unsupported } from './invalid';
import { licenseOf } from './license';
import type { SourceFacts } from './source';
import { withinFloat16 } from './tensors/float16-range';
import { mapTensors } from './tensors/map-tensors';
import { openWeights } from './tensors/open-weights';

/** Where on the hub a folder came from. */
export interface ImportOptions {
  /** `OWNER/NAME` */
  readonly repository?: string;
  /** The commit. */
  readonly revision?: string;
}

/** A model of somebody else's, as one of ours: no number of its weights has been read yet. */
export interface ImportedModel {
  readonly config: SimVlmConfig;
  readonly tokenizer: AnyTokenizer;
  /** By our names. Reading one that is not finite fails. */
  readonly weights: TensorSet;
  readonly source: SourceFacts;
  /** Tensors of the folder that the model does not need. */
  readonly skipped: readonly string[];
  /** Settings of how it writes that are not taken over, such as `repetition_penalty 5`. */
  readonly ignored: readonly string[];
}

/** The JSON files that an export gives back. */
const KEPT = [
  'config.json',
  'generation_config.json',
  'preprocessor_config.json',
  'processor_config.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
] as const;

/**
 * Opens a folder as transformers writes it: its configuration, its tokenizer, and its weights by our names.
 *
 * @param files the folder, such as `openPretrainedFolder` of `@simvlm/pretrained/node` opens
 * @throws CheckpointError CHECKPOINT_INVALID and WEIGHTS_INVALID for files that are missing or damaged, CHECKPOINT_MISMATCH for a model that is
 *   not known here, and for tensors that are missing, left over or of another shape, all of them listed; TokenizerError
 */
export async function openPretrained(files: Checkpoint, options: ImportOptions = {}): Promise<ImportedModel> {
  if (isCheckpoint(files.names))
    throw invalid(`${files.where} is a checkpoint of SimVLM already: use it as it is`);
  const texts = await jsonTexts(files);
  if (texts['config.json'] === undefined)
    throw invalid(
      `${files.where} is no folder of a model: it has no config.json; it holds ${files.names.join(', ') || 'nothing'}`,
    );
  const object = (name: (typeof KEPT)[number]) =>
    configObject(`${files.where}: ${name}`, texts[name] ?? '{}');
  const config = object('config.json');
  const family = familyOf(config);
  const tokenizer = await tokenizerOf(files);
  const described = family.describe(config, tokenizer);
  // Newer folders have both files, or the image processor inside the other.
  const processor =
    texts['preprocessor_config.json'] !== undefined
      ? object('preprocessor_config.json')
      : object('processor_config.json').object('image_processor');
  const writing = [object('generation_config.json'), config];
  const model = checked(files.where, {
    ...described,
    picture: pictureOf(processor, family.imageProcessor, described.imageSize),
    generation: generationOf(writing, described.maxTextLength),
  });
  const { tensors, skipped } = mapTensors(
    files.where,
    await openWeights(files),
    family.tensors(model),
    family,
  );
  const license = await licenseOf(files);
  const source: SourceFacts = {
    ...{ format: 1, family: family.name, modelType: family.modelType },
    ...options,
    ...(license !== undefined && { license }),
    files: texts,
  };
  return {
    ...{ config: model, tokenizer, weights: { tensors, metadata: {} }, source, skipped },
    ignored: ignoredGeneration(writing),
  };
}

/**
 * An imported model as the files of a checkpoint. Weights are read as they are written, a part or a tensor at a time.
 *
 * @param options `dtype` of the weights; default F32, which holds those of float16 and bfloat16 files exactly
 */
export function importedContents(
  { config, tokenizer, weights, source }: ImportedModel,
  { dtype = 'F32' }: { readonly dtype?: WeightType } = {},
): CheckpointContents {
  const tensors = [...weights.tensors].map(([name, tensor]): [string, TensorSource] => [
    name,
    dtype === 'F16' ? withinFloat16(name, tensor) : tensor,
  ]);
  return new Map([
    [FILES.model, jsonFile(config)],
    ...tokenizerFiles(tokenizer),
    [FILES.source, jsonFile(source)],
    ...tensorFiles(TENSORS.weights, tensors, { metadata: { format: 'simvlm' }, dtype }),
  ]);
}

async function jsonTexts(files: Checkpoint): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of KEPT)
    if (files.names.includes(name))
      found[name] = decodeText(await fileOf(files, name), `${files.where}: ${name}`, damaged);
  return found;
}

function configObject(where: string, text: string): ConfigObject {
  return new ConfigObject(where, parseJsonObject(text, where, damaged));
}

const damaged: MakeError = (message, options) => invalid(message, options?.cause);

async function tokenizerOf(files: Checkpoint): Promise<AnyTokenizer> {
  const found = new Map<string, Uint8Array>();
  for (const name of TOKENIZER_FILES)
    if (files.names.includes(name)) found.set(name, await fileOf(files, name));
  return loadTokenizer(found);
}

/** @throws CheckpointError CHECKPOINT_MISMATCH when it makes no model */
function checked(where: string, config: SimVlmConfig): SimVlmConfig {
  try {
    return checkModelConfig(config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw unsupported(`${where}: config.json makes no model that can be imported: ${error.message}`);
  }
}
