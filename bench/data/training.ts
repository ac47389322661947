/** How long a training waits for its pictures while one core trains and another makes them. */
import { Random } from '@simvlm/core';
import { createBatchSource, exampleStream, openSource, prefetch, uniformPrefix } from '@simvlm/data';
import { placeAt } from '@simvlm/data/node';
import { openPicturePool } from '@simvlm/image';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import { trainUnigram } from '@simvlm/tokenizer';
import { train } from '@simvlm/trainer';
import { useBackend } from '../lib/backend';
import { optimizer, smallConfig } from '../lib/simvlm-problem';
import type { BenchResult } from '../lib/table';

const ROWS = 32;
/** The first steps compile, start the worker and fill what is made ahead. */
const [STEPS, QUICK_STEPS, WARM_UP] = [23, 8, 3];

/** The model of `native` on our wasm backend with one thread, and one worker for 32 pictures a step. */
export async function measureTraining(place: string, quick: boolean): Promise<BenchResult> {
  const { versions } = await useBackend({ backend: 'wasm', threads: 1 });
  const lines = Array.from({ length: 100 }, (_, i) => `picture ${i} of ${7 * i}`);
  const tokenizer = await trainUnigram(lines, { vocabSize: 100, hardVocabLimit: false });
  const { pad, bos, eos } = tokenizer.special;
  const config = { ...smallConfig, vocabSize: tokenizer.vocabSize, tokens: { pad, bos, eos } };
  const model = SimVlm.create(config, { seed: 1 });
  const pool = openPicturePool({ workers: 1 });
  const source = await openSource(await placeAt([place]));
  const stream = exampleStream({
    ...{ source, random: Random.fromSeed(1), length: await source.count() },
    ahead: 2 * ROWS,
    pictures: { transform: { size: config.imageSize, augment: 'crop' }, pool },
  });
  const batches = createBatchSource({
    imageText: { stream, batchSize: ROWS },
    ...{ tokenizer, maxTextLength: config.maxTextLength, prefix: uniformPrefix },
  });
  const steps: { seconds: number; waited: number }[] = [];
  let last = performance.now();
  try {
    await train({
      learner: prefixLmLearner(model),
      batches: prefetch(batches, 2),
      config: { ...optimizer, schedule: 'constant', steps: quick ? QUICK_STEPS : STEPS },
      callbacks: [
        {
          onStep({ waited }) {
            const now = performance.now();
            steps.push({ seconds: (now - last) / 1e3, waited });
            last = now;
          },
        },
      ],
    });
  } finally {
    model.dispose();
    await stream.close?.();
    await pool.close();
  }
  const counted = steps.slice(WARM_UP);
  const sum = (of: 'seconds' | 'waited') => counted.reduce((total, step) => total + step[of], 0);
  const row = (what: string, ours: number, unit: string) =>
    ({ what, ours, unit, peer: null, peerName: null, ratio: null }) as const;
  return {
    versions,
    rows: [
      row('a training step, 32 rows, wasm, 1 thread', (sum('seconds') / counted.length) * 1e3, 'ms'),
      row('of which it waits for pictures, 1 worker', (100 * sum('waited')) / sum('seconds'), '%'),
    ],
  };
}
