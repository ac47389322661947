import { registerWasmBackend } from '@simvlm/backend-wasm';
import { prepareEmojiDataset } from '@simvlm/dataset-emoji';
import { AdamW, lossAndGradients, resolveTrainConfig } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs';
import { demoConfig } from '/work/main/packages/cli/src/config/run-config';
import { runBatches } from '/work/main/packages/cli/src/pipeline/batches';
import { loadRunData } from '/work/main/packages/cli/src/pipeline/data';
import { createModel } from '/work/main/packages/cli/src/pipeline/model';
import { runRegistry } from '/work/main/packages/cli/src/pipeline/registry';
import { runTokenizer } from '/work/main/packages/cli/src/pipeline/tokenizer';
import { Terminal } from '/work/main/packages/cli/src/terminal';

await registerWasmBackend({ threads: Number(process.env.T ?? 2) });
await tf.setBackend('wasm');
const config = { ...demoConfig, ...(process.env.MODEL ? { model: process.env.MODEL } : {}) };
const terminal = new Terminal();
const data = await loadRunData(config, 32, terminal);
const tok = await runTokenizer(config, data);
const registry = await runRegistry();
const model = createModel(config, tok, registry);
const batches = runBatches(config, data, tok, model.config, registry);
const opt = new AdamW(model.params, resolveTrainConfig({ learningRate: 1e-3, steps: 100 }));
const backend: any = tf.backend();
const times = new Map<string, { n: number; ms: number }>();
const runJob = backend.runtime.runJob.bind(backend.runtime);
let on = false;
const shapes = new Map<string, any>();
backend.runtime.runJob = (k: string, items: number, args: any, g: any) => {
  const t = performance.now();
  runJob(k, items, args, g);
  if (on) {
    if (k === 'gemmBlocks') {
      const key = `${args[14]}x${args[15]}x${args[16]}`;
      const f = shapes.get(key) ?? { n: 0, ms: 0, fl: 0 };
      f.n++;
      f.ms += performance.now() - t;
      f.fl = 2 * args[14] * args[15] * args[16];
      shapes.set(key, f);
    }
    const e = times.get(k) ?? { n: 0, ms: 0 };
    e.n++;
    e.ms += performance.now() - t;
    times.set(k, e);
  }
};
const ktimes = new Map<string, { n: number; ms: number }>();
const parts = { data: 0, grad: 0, fwd: 0, opt: 0 };
const N = 20;
for (let i = 0; i < N + 5; i++) {
  on = i >= 5;
  if (i === 5) {
    parts.data = parts.grad = parts.opt = parts.fwd = 0;
  }
  let t = performance.now();
  const b = await batches.next();
  parts.data += performance.now() - t;
  if (i === 6) console.log(b.map(x => [x.size, x.length]));
  t = performance.now();
  on = false;
  const l = model.loss(b);
  await l.data();
  l.dispose();
  parts.fwd += performance.now() - t;
  on = i >= 5;
  t = performance.now();
  const { loss, gradients } = lossAndGradients(model, [b], 0.05);
  await loss.data();
  loss.dispose();
  parts.grad += performance.now() - t;
  t = performance.now();
  await opt.apply(gradients, 1e-3);
  tf.dispose(gradients.values());
  parts.opt += performance.now() - t;
}
console.log(Object.fromEntries(Object.entries(parts).map(([k, v]) => [k, (v / N).toFixed(1)])));
let total = 0;
for (const [k, { n, ms }] of [...times].sort((a, b) => b[1].ms - a[1].ms).slice(0, 30))
  console.log(k.padEnd(28), (n / N).toFixed(0).padStart(5), (ms / N).toFixed(2).padStart(8));
for (const { ms } of times.values()) total += ms;
console.log('jobs', (total / N).toFixed(1));
let fl = 0;
for (const [k, f] of [...shapes].sort((a, b) => b[1].ms - a[1].ms).slice(0, 40))
  console.log(
    k.padEnd(20),
    (f.n / N).toFixed(1).padStart(6),
    (f.ms / N).toFixed(2).padStart(8),
    (f.fl / 1e6).toFixed(1).padStart(8) + ' MF',
    ((f.fl * f.n) / f.ms / 1e6).toFixed(1) + ' GF/s',
  );
for (const f of shapes.values()) fl += (f.fl * f.n) / N;
console.log('total GFLOP', fl / 1e9);
process.exit(0);
