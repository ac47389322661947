import { fileURLToPath } from 'node:url';
import { collect, memoryCheckpoint } from '@simvlm/checkpoint';
import { type PrefixLmBatch, Random } from '@simvlm/core';
import type { SimVlmConfig } from '@simvlm/model';
import { importedContents, openPretrained } from '@simvlm/pretrained';
import { openPretrainedFolder } from '@simvlm/pretrained/node';
import { openForUse } from '@simvlm/run';
import { type BenchRow, rateRow } from '../lib/table';
import { modelAs } from './model-as';
import { likeliest, percentEqual } from './positions';

/** One imported model of each kind, of random weights. */
const NAMES = ['git', 'blip', 'blip-vqa', 'vit-gpt2'];
const ROWS = 256;
const PREFIX = 3;
/** With the prefix and the end token. */
const LENGTH = 14;

/** How often the likeliest token of small imported models stays the same, on random pictures and texts. */
export async function fixtureRows(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const name of NAMES) {
    const folder = fileURLToPath(new URL(`../../packages/pretrained/fixtures/${name}`, import.meta.url));
    const imported = await openPretrained(await openPretrainedFolder(folder));
    const opened = await openForUse(memoryCheckpoint(await collect(importedContents(imported))));
    const batch = randomBatch(opened.config);
    const tokens = new Map<string, number[]>();
    for (const form of ['float32', 'int8', 'int4'] as const) {
      const model = await modelAs(opened, form);
      tokens.set(form, await likeliest(model, batch));
      model.dispose();
    }
    const [whole, ...integers] = tokens;
    for (const [form, own] of integers)
      rows.push(
        rateRow(
          `${form}: same likeliest token, ${name} of random weights, ${own.length} positions`,
          percentEqual(own, whole![1]),
          undefined,
          '%',
        ),
      );
  }
  return rows;
}

function randomBatch({ imageSize, vocabSize, tokens }: SimVlmConfig): PrefixLmBatch {
  const random = Random.fromSeed(1);
  const ids = Int32Array.from({ length: ROWS * LENGTH }, (_, i) =>
    i % LENGTH === LENGTH - 1 ? tokens.eos : random.integer(vocabSize - (tokens.beyond ?? 0)),
  );
  const pixels = Uint8Array.from({ length: ROWS * imageSize * imageSize * 3 }, () => random.integer(256));
  return {
    ...{ size: ROWS, length: LENGTH, tokens: ids },
    textLengths: new Int32Array(ROWS).fill(LENGTH),
    prefixLengths: new Int32Array(ROWS).fill(PREFIX),
    images: { side: imageSize, pixels },
    ids: Array.from({ length: ROWS }, (_, row) => `${row}`),
  };
}
