import type { SimVlmConfig } from '@simvlm/model';
import type { ConfigObject } from '../config/config-object';
import type { LiteralJson } from '../config/json-text';
import { unsupported } from '../invalid';
import { columnsOf, countOf, inOrder, transposed, type View } from '../tensors/view';

/** What a family is: how its `config.json` describes a model, and what its tensors are called. All that is known of it stands in one file. */
export interface Family {
  /** As people name it. */
  readonly name: string;
  /** The `model_type` of its `config.json`. */
  readonly modelType: string;
  /** Names of its classes in transformers; a model that names another is none of it. */
  readonly architectures: readonly string[];
  /** The image processor that it has where its files do not say. */
  readonly imageProcessor: string;
  /** @throws CheckpointError for what cannot be imported, by its key */
  describe(config: ConfigObject, tokenizer: TokenizerFacts): ModelDescription;
  /** Where each parameter of the model stands in its files. */
  tensors(config: SimVlmConfig): TensorPlace[];
  /** Tensors that a file may have besides, and that nothing needs. */
  readonly skipped: readonly RegExp[];
  /** Names of one tensor that its layers share: what a file calls it, where it is not called by the first. */
  readonly shared: readonly (readonly [name: string, other: string])[];
  /** Its `config.json` for another image size. */
  resized(config: Readonly<LiteralJson>, imageSize: number): LiteralJson;
}

/** What a family needs to know of the tokenizer. */
export interface TokenizerFacts {
  readonly vocabSize: number;
  readonly special: { readonly bos: number; readonly eos: number };
}

/** A model, but for how it sees pictures and writes. */
export type ModelDescription = Omit<SimVlmConfig, 'picture' | 'generation' | 'lora'>;

/** Where one of our tensors stands. */
export interface TensorPlace {
  readonly ours: string;
  readonly shape: readonly number[];
  /** The name in their files. */
  readonly theirs: string;
  /** Their shape; in a file, extents of 1 at its beginning are as good as none. */
  readonly theirShape: readonly number[];
  readonly view: View;
}

/** The same places, below a name of ours and one of theirs. */
export function under(ours: string, theirs: string, places: readonly TensorPlace[]): TensorPlace[] {
  return places.map(place => ({
    ...place,
    ours: join(ours, place.ours),
    theirs: join(theirs, place.theirs),
  }));
}

function join(outer: string, inner: string): string {
  return outer === '' ? inner : `${outer}.${inner}`;
}

/** The places of so many layers, numbered below a name of ours and one of theirs. */
export function layersOf(
  count: number,
  ours: string,
  theirs: string,
  layer: readonly TensorPlace[],
): TensorPlace[] {
  return Array.from({ length: count }, (_, i) => under(`${ours}.${i}`, `${theirs}.${i}`, layer)).flat();
}

/** A tensor as it is, but for extents of 1. */
export function same(
  ours: string,
  theirs: string,
  shape: readonly number[],
  theirShape = shape,
): TensorPlace {
  return { ours, theirs, shape, theirShape, view: inOrder(countOf(shape)) };
}

/** A layer norm over `width`. */
export function normOf(ours: string, theirs: string, width: number): TensorPlace[] {
  return [
    same(`${ours}.gamma`, `${theirs}.weight`, [width]),
    same(`${ours}.beta`, `${theirs}.bias`, [width]),
  ];
}

/** A linear map whose weight is `[O, I]` in their files, as PyTorch has it. */
export function linearOf(ours: string, theirs: string, inputs: number, outputs: number): TensorPlace[] {
  return partsOf([ours], theirs, inputs, outputs);
}

/** Linear maps of equal size whose rows stand one after another in one weight `[n·O, I]`. */
export function partsOf(
  ours: readonly string[],
  theirs: string,
  inputs: number,
  outputs: number,
): TensorPlace[] {
  const all = ours.length * outputs;
  return ours.flatMap((name, i) => [
    {
      ours: `${name}.weight`,
      theirs: `${theirs}.weight`,
      shape: [inputs, outputs],
      theirShape: [all, inputs],
      view: transposed(inputs, outputs, i * outputs * inputs),
    },
    biasOf(name, theirs, i, outputs, all),
  ]);
}

/** Linear maps of equal size whose columns stand side by side in one weight `[I, n·O]`. */
export function columnPartsOf(
  ours: readonly string[],
  theirs: string,
  inputs: number,
  outputs: number,
): TensorPlace[] {
  const all = ours.length * outputs;
  return ours.flatMap((name, i) => [
    {
      ours: `${name}.weight`,
      theirs: `${theirs}.weight`,
      shape: [inputs, outputs],
      theirShape: [inputs, all],
      view: all === outputs ? inOrder(inputs * outputs) : columnsOf(inputs, all, i * outputs, outputs),
    },
    biasOf(name, theirs, i, outputs, all),
  ]);
}

function biasOf(ours: string, theirs: string, part: number, outputs: number, all: number): TensorPlace {
  return {
    ours: `${ours}.bias`,
    theirs: `${theirs}.bias`,
    shape: [outputs],
    theirShape: [all],
    view: inOrder(outputs, part * outputs),
  };
}

/** How many ids of the model the tokenizer does not have. */
export function beyond(vocabSize: number, pieces: number): { beyond?: number } {
  if (pieces > vocabSize)
    throw unsupported(
      `the tokenizer has ${pieces} pieces, the model only ${vocabSize}; they are of different models`,
    );
  return pieces === vocabSize ? {} : { beyond: vocabSize - pieces };
}
