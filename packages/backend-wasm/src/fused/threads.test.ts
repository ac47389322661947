import { draw, floats, ints, type ValueMap, type Values } from '@simvlm/conformance';
import { fusedKernel } from '@simvlm/ops';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bench } from './harness.test-util';

// Shapes large enough that every job is cut into chunks, then odd ones. `bench.run` compares one thread with two, bit for bit, and
// the heap before with the heap after.

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create();
});
afterAll(() => bench.dispose());

const { normal, integers } = draw('threads');
const batch = 24;
const lengths = ints(
  [batch],
  Array.from({ length: batch }, (_, b) => 40 - b),
);
const prefixes = ints(
  [batch],
  Array.from({ length: batch }, (_, b) => b),
);
const tokens = normal([batch, 40, 4, 16]);
const attention: ValueMap = {
  ...{ q: tokens, k: normal([batch, 40, 4, 16]), v: normal([batch, 40, 4, 16]) },
  ...{ keyLengths: lengths, prefixLengths: prefixes, bias: normal([4, 35]) },
};
const attentionAttrs = { offset: 0, scale: 0.25, gridHeight: 3, gridWidth: 4 };
const rows = normal([2000, 60]);
const pictures = normal([16, 12, 12, 32]);
const channels = normal([32]);
const perGroup = normal([16, 8]);
const groupAttrs = { groups: 8, epsilon: 1e-5, activation: 'relu' };
const width = normal([60]);
const square = normal([300, 300]);

const oddRow = normal([3, 7]);
const oddTokens = normal([3, 7, 3, 10]);

const jobs: [name: string, inputs: ValueMap | readonly Values[], attrs: object][] = [
  [fusedKernel.layerNorm, { x: rows, gamma: width, beta: width }, { epsilon: 1e-5 }],
  [
    fusedKernel.layerNormGrad,
    { x: rows, gamma: width, mean: normal([2000]), rstd: normal([2000]), dy: rows },
    {},
  ],
  [fusedKernel.groupNorm, { x: pictures, gamma: channels, beta: channels }, groupAttrs],
  [
    fusedKernel.groupNormGrad,
    {
      x: pictures,
      gamma: channels,
      beta: channels,
      mean: perGroup,
      rstd: perGroup,
      dy: normal([16, 12, 12, 32]),
    },
    groupAttrs,
  ],
  [fusedKernel.linear, { x: square, w: square, b: normal([300]) }, { activation: 'gelu', transposeW: false }],
  [
    fusedKernel.linearGrad,
    { x: square, w: square, z: square, dy: square },
    { activation: 'gelu', transposeW: true, wanted: 'all' },
  ],
  [
    fusedKernel.linearGrad,
    { x: square, w: square, dy: square },
    { activation: 'none', transposeW: false, wanted: 'all' },
  ],
  [fusedKernel.linear, { x: square, w: square }, { activation: 'gelu-erf', transposeW: false }],
  [
    fusedKernel.linearGrad,
    { x: square, w: square, z: square, dy: square },
    { activation: 'quick-gelu', transposeW: false, wanted: 'all' },
  ],
  [fusedKernel.embedding, { table: rows, ids: integers([5000], 2000) }, {}],
  [fusedKernel.embeddingGrad, { ids: integers([2000], 9000), dy: rows }, { vocabSize: 9000 }],
  [
    fusedKernel.crossEntropy,
    { logits: rows, labels: integers([2000], 60), weights: normal([2000]) },
    { labelSmoothing: 0.1 },
  ],
  [
    fusedKernel.crossEntropyGrad,
    {
      logits: rows,
      labels: integers([2000], 60),
      weights: normal([2000]),
      lse: normal([2000]),
      dy: normal([2000]),
    },
    { labelSmoothing: 0.1 },
  ],
  [fusedKernel.prefixAttention, attention, attentionAttrs],
  [
    fusedKernel.prefixAttentionGrad,
    {
      ...attention,
      y: tokens,
      lse: floats([batch, 4, 40], Array(batch * 160).fill(4)),
      dy: normal([batch, 40, 4, 16]),
    },
    attentionAttrs,
  ],
  [
    fusedKernel.cacheWrite,
    { cache: normal([8, 100, 4, 32]), update: normal([8, 1, 4, 32]), positions: integers([8], 100) },
    {},
  ],
  [
    fusedKernel.dropout,
    { x: normal([7, 1001, 5]), seeds: integers([7, 2], 2 ** 31) },
    { threshold: 20_000, site: 2 ** 32 - 1 },
  ],
  [fusedKernel.globalNorm, [square, rows, pictures], {}],
  [
    fusedKernel.adamw,
    {
      param: square,
      grad: square,
      m: square,
      v: floats([300, 300], square.data.map(Math.abs)),
      gradScale: floats([], [0.5]),
    },
    { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, step: 3 },
  ],
  [
    fusedKernel.layerNormGrad,
    { x: oddRow, gamma: normal([7]), mean: normal([3]), rstd: normal([3]), dy: oddRow },
    {},
  ],
  [
    fusedKernel.linear,
    { x: oddRow, w: normal([7, 17]), b: normal([17]) },
    { activation: 'gelu', transposeW: false },
  ],
  [
    fusedKernel.linearGrad,
    { x: oddRow, w: normal([17, 7]), z: normal([3, 17]), dy: normal([3, 17]) },
    { activation: 'gelu', transposeW: true, wanted: 'all' },
  ],
  [
    fusedKernel.prefixAttention,
    {
      ...{ q: oddTokens, k: oddTokens, v: oddTokens, bias: normal([3, 9]) },
      ...{ keyLengths: ints([3], [7, 5, 0]), prefixLengths: ints([3], [3, 0, 0]) },
    },
    { offset: 0, scale: 0.3, gridHeight: 1, gridWidth: 5 },
  ],
];

test('two threads are compared with one', () => {
  expect(bench.threads).toEqual([1, 2]);
});

test.each(jobs)(
  '%s is the same bit for bit on one thread and on two, and frees what it takes',
  (name, inputs, attrs) => {
    for (let i = 0; i < 3; i++) expect(bench.run(name, inputs, attrs).length).toBeGreaterThan(0);
  },
);
