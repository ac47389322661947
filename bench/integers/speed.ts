import { readAll, type SafeTensor, storedShape, type TensorSet, tensorSources } from '@simvlm/checkpoint';
import { Random } from '@simvlm/core';
import { integerTensors, modelParameters, SimVlm, type SimVlmConfig } from '@simvlm/model';
import { useBackend } from '../lib/backend';
import { progress } from '../lib/progress';
import { type BenchResult, type BenchRow, median, timeRow } from '../lib/table';

const THREADS = 2;
/** The first token reads picture and weights; each of the others reads the weights once. */
const LENGTHS = [1, 17] as const;

/** The text stack of git-base, behind the smallest patcher that gives as many image tokens. */
const gitBase: SimVlmConfig = {
  architecture: 'decoder-only',
  imageSize: 224,
  patcher: { kind: 'linear', patchSize: 16 },
  imagePositions: { added: false, relative: false },
  block: { norm: 'after', epsilon: 1e-12, activation: 'gelu-erf' },
  embeddingNorm: true,
  textPrefix: 'causal',
  head: { tied: false, bias: true },
  ...{ width: 768, layers: 6, heads: 12, mlp: 3072, vocabSize: 30_522, maxTextLength: 64 },
  tokens: { pad: 0, bos: 101, eos: 102 },
};
const INTEGERS = [
  { name: 'int8', bits: 8 },
  { name: 'int4', bits: 4 },
] as const;

interface Form {
  readonly name: string;
  readonly config: SimVlmConfig;
  readonly weights: TensorSet;
}

interface Contender {
  readonly name: string;
  readonly model: SimVlm;
  /** Milliseconds a token, of each round. */
  readonly times: number[];
}

/** Milliseconds for each further token of a caption, greedy, one row, with a key-value cache. Models are asked in turn. */
export async function speed(quick: boolean): Promise<BenchResult> {
  const rows: BenchRow[] = [];
  const notes = [
    `git-base's text stack (6 blocks of width 768, 30,522 pieces, 196 image tokens), random weights, ${THREADS} threads; median of the rounds`,
  ];
  const made = await forms();
  let versions: BenchResult['versions'] = {};
  for (const backend of ['wasm', 'native'] as const) {
    const report = await useBackend({ backend, threads: THREADS });
    versions = { ...versions, ...report.versions };
    notes.push(`${backend}: ${report.detail}`);
    const contenders = [];
    for (const form of made) contenders.push(await contenderOf(form));
    await rounds(contenders, backend, quick ? 1 : 5);
    const [whole, ...integers] = contenders;
    const peer = { name: whole!.name, value: median(whole!.times) };
    for (const { name, times } of integers)
      rows.push(timeRow(`${backend}: a token, ${name}`, median(times), peer));
    for (const { model } of contenders) model.dispose();
  }
  return { versions, rows, notes };
}

async function contenderOf({ name, config, weights }: Form): Promise<Contender> {
  const model = SimVlm.create(config, { init: 'zeros' });
  await model.loadTensors(weights);
  return { name, model, times: [] };
}

/** The first round is not measured: it records the step. */
async function rounds(contenders: readonly Contender[], backend: string, count: number): Promise<void> {
  const images = new Uint8Array(gitBase.imageSize ** 2 * 3).fill(100);
  for (let round = 0; round <= count; round++) {
    progress(`${backend}: round ${round} of ${count}`);
    for (const { model, times } of contenders) {
      const [first, all] = [
        await milliseconds(model, images, LENGTHS[0]),
        await milliseconds(model, images, LENGTHS[1]),
      ];
      if (round > 0) times.push((all - first) / (LENGTHS[1] - LENGTHS[0]));
    }
  }
}

async function milliseconds(model: SimVlm, images: Uint8Array, length: number): Promise<number> {
  const start = performance.now();
  const [text] = await model.generate({ images, maxLength: length, minLength: length });
  if (text!.tokens.length !== length) throw new Error(`${text!.tokens.length} tokens instead of ${length}`);
  return performance.now() - start;
}

/** The same numbers over and over: how fast a product is does not depend on them. */
function randomWeights(): Map<string, SafeTensor> {
  const random = Random.fromSeed(1);
  const drawn = Float32Array.from({ length: 99_991 }, () => 0.1 * (random.uniform() - 0.5));
  const tensors = new Map<string, SafeTensor>();
  for (const [name, spec] of modelParameters(gitBase)) {
    const shape = storedShape(spec);
    const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    for (let at = 0; at < values.length; at += drawn.length)
      values.set(drawn.subarray(0, values.length - at), at);
    tensors.set(name, { shape, values });
  }
  return tensors;
}

/** The weights in each form, made once for all backends. */
async function forms(): Promise<Form[]> {
  progress('making the weights');
  const weights: TensorSet = { tensors: tensorSources(randomWeights()), metadata: {} };
  const made: Form[] = [{ name: 'float32', config: gitBase, weights }];
  for (const { name, bits } of INTEGERS) {
    const config: SimVlmConfig = { ...gitBase, weights: { bits } };
    const tensors = tensorSources(await readAll(integerTensors(weights, config)));
    made.push({ name, config, weights: { tensors, metadata: {} } });
  }
  return made;
}
