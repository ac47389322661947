import { readSafetensors, type SafeTensors } from '@simvlm/checkpoint';
import type { PrefixLmBatch } from '@simvlm/core';
import type { SimVlmConfig } from '@simvlm/model';
import type { AdamWOptions } from '@simvlm/trainer';

/** The models of which there is a fixture. */
export const goldenNames = [
  'encoder-decoder-conv',
  'encoder-decoder-linear',
  'decoder-only-conv',
  'decoder-only-linear',
] as const;
export type GoldenName = (typeof goldenNames)[number];

export interface GoldenText {
  readonly tokens: readonly number[];
  readonly finished: boolean;
  /** Σ log p, the end token's included where it was reached. */
  readonly logProb: number;
}

/** What the PyTorch reference computed: see `bench/reference/golden.py`. */
export interface Golden {
  readonly config: SimVlmConfig;
  /** As a file. */
  readonly weights: Uint8Array;
  /** Of pictures and of text alone. */
  readonly batches: readonly PrefixLmBatch[];
  /** `images` (bytes, as the numbers of a file are), `logits.0`, `logits.1` (`float32[B, L, V]`, 0 where there is no place), and `gradient.` with the name of each parameter. */
  readonly expected: SafeTensors['tensors'];
  /** Of each batch, and of all together. */
  readonly losses: readonly number[];
  readonly loss: number;
  /** Steps of AdamW on all batches together; each loss is from before its step. */
  readonly training: AdamWOptions & {
    readonly learningRate: number;
    readonly losses: readonly number[];
    readonly gradientNorms: readonly number[];
  };
  readonly generated: {
    readonly rows: readonly { readonly image: number | null; readonly prompt: readonly number[] }[];
    /** A text a row. */
    readonly greedy: readonly GoldenText[];
    readonly beams: readonly {
      readonly beams: number;
      readonly lengthPenalty: number;
      readonly captions: number;
      /** For each row its best texts. */
      readonly texts: readonly (readonly (GoldenText & { readonly score: number })[])[];
    }[];
  };
}

type Description = Omit<Golden, 'batches' | 'weights' | 'expected'> & {
  readonly batches: readonly {
    readonly images: boolean;
    readonly textLengths: readonly number[];
    readonly prefixLengths: readonly number[];
    readonly tokens: readonly (readonly number[])[];
  }[];
};

/** Reads a fixture, in Node and in a page. */
export async function readGolden(name: GoldenName): Promise<Golden> {
  const [json, weights, numbers] = await Promise.all(
    ['golden.json', 'weights.safetensors', 'expected.safetensors'].map(file => read(`${name}/${file}`)),
  );
  const { batches, ...rest } = JSON.parse(new TextDecoder().decode(json)) as Description;
  const expected = readSafetensors(numbers!).tensors;
  const images = { side: rest.config.imageSize, pixels: Uint8Array.from(expected.get('images')!.values) };
  return {
    ...rest,
    weights: weights!,
    expected,
    batches: batches.map(({ images: hasImages, tokens, textLengths, prefixLengths }) => ({
      size: tokens.length,
      length: tokens[0]!.length,
      tokens: Int32Array.from(tokens.flat()),
      textLengths: Int32Array.from(textLengths),
      prefixLengths: Int32Array.from(prefixLengths),
      ids: tokens.map((_, row) => `${row}`),
      ...(hasImages && { images }),
    })),
  };
}

async function read(path: string): Promise<Uint8Array> {
  // In a variable, as Vite would make imports of every file that such an expression could mean.
  const here = import.meta.url;
  const url = new URL(`../../fixtures/simvlm/${path}`, here);
  if (url.protocol === 'file:') {
    const { readFile } = await import('node:fs/promises');
    return readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
