/**
 * Matrix products of the model's shapes on WebGPU: ours against those of tfjs, in turn on one device, medians in GFLOP/s.
 *
 *     npx tsx bench/webgpu/matmul.ts [rounds]
 */
import { pathToFileURL } from 'node:url';
import { registerWebGpuBackend } from '@simvlm/backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-webgpu';
import { type BenchRow, median, rateRow, table } from '../lib/table';

/** Before ours takes its name. */
const tfjsMatMul = tf.getKernel('BatchMatMul', 'webgpu');

interface Shape {
  readonly what: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** 1,024 tokens of width 256, an MLP of 1,024, a vocabulary of 4,000; 64 images of 24 tokens. */
const shapes: readonly Shape[] = [
  { what: 'MLP, first', M: 1024, N: 1024, K: 256 },
  { what: 'MLP, second', M: 1024, N: 256, K: 1024 },
  { what: "MLP's gradient by x", M: 1024, N: 256, K: 1024, transposeB: true },
  { what: "MLP's gradient by w", M: 256, N: 1024, K: 1024, transposeA: true },
  { what: 'projection', M: 1536, N: 256, K: 256 },
  { what: "projection's gradient by w", M: 256, N: 256, K: 1536, transposeA: true },
  { what: 'logits', M: 1024, N: 4000, K: 256, transposeB: true },
  { what: 'MLP of one token', M: 1, N: 1024, K: 256 },
  { what: 'logits of one token', M: 1, N: 4000, K: 256, transposeB: true },
];

export interface MatmulOptions {
  /** Timed rounds, after one that compiles; default 5. */
  readonly rounds?: number;
  /** Products of a measurement, at least; default 2e8 floating-point operations, which a card makes in a moment. */
  readonly operations?: number;
  /** Hears of each row at once. */
  readonly onRow?: (row: BenchRow) => void;
}

/** Rows in GFLOP/s, ours against tfjs; on the backend 'webgpu', which is registered. */
export async function matmulRows(options: MatmulOptions = {}): Promise<BenchRow[]> {
  const { rounds = 5, operations = 2e8, onRow } = options;
  const rows: BenchRow[] = [];
  for (const shape of shapes) {
    const { what, M, N, K, transposeA = false, transposeB = false } = shape;
    const a = tf.randomNormal<tf.Rank.R2>(transposeA ? [K, M] : [M, K]);
    const b = tf.randomNormal<tf.Rank.R2>(transposeB ? [N, K] : [K, N]);
    const ours = () => tf.matMul(a, b, transposeA, transposeB);
    const theirs = () => {
      const call = { inputs: { a, b }, attrs: { transposeA, transposeB }, backend: tf.backend() };
      return tf.engine().makeTensorFromTensorInfo(tfjsMatMul!.kernelFunc(call) as tf.TensorInfo);
    };
    const times = 2 * M * N * K;
    const repeats = Math.max(1, Math.round(operations / times));
    const milliseconds: [number[], number[]] = [[], []];
    for (let round = 0; round <= rounds; round++) {
      for (const [i, run] of [ours, theirs].entries()) {
        const taken = await timed(run, repeats);
        if (round > 0) milliseconds[i]!.push(taken / repeats);
      }
    }
    const [our, their] = milliseconds.map(list => times / median(list) / 1e6) as [number, number];
    const written = `[${M}, ${K}]${transposeA ? ' (A lies as [K, M])' : ''} · [${K}, ${N}]${transposeB ? ' (B lies as [N, K])' : ''}`;
    rows.push(rateRow(`${what}: ${written}`, our, { name: 'tfjs', value: their }, 'GFLOP/s'));
    onRow?.(rows.at(-1)!);
    tf.dispose([a, b]);
  }
  return rows;
}

/** Milliseconds of so many runs, to the moment when the last can be read. */
async function timed(run: () => tf.Tensor, repeats: number): Promise<number> {
  const start = performance.now();
  for (let i = 1; i < repeats; i++) run().dispose();
  const last = run();
  // One number of it, since reading all would be timed too; commands run in their order.
  const corner = tf.slice(last, [0, 0], [1, 1]);
  await corner.data();
  const taken = performance.now() - start;
  tf.dispose([last, corner]);
  return taken;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  const { adapter } = await registerWebGpuBackend({ software: true });
  await tf.setBackend('webgpu');
  // A processor in the card's place takes seconds for what a card does in a moment.
  const options = { rounds: Number(process.argv[2] ?? 3), operations: 1 };
  const rows = await matmulRows({ ...options, onRow: ({ what }) => console.error(what) });
  console.log(`${adapter}\n${table(rows)}`);
  // The GPU keeps the process alive.
  process.exit();
}
