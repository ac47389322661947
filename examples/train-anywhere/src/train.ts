import type { CheckpointStorage } from '@simvlm/checkpoint';
import { openCaptioner, openRun, type RunConfigInput } from '@simvlm/run';
import { pickBackend } from '@simvlm/runtime';

const colours = Object.entries({ red: [220, 40, 40], green: [40, 170, 70], blue: [50, 80, 220] });
const picture = (i: number) => {
  const rgb = colours[i % 3]![1];
  const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, at) => rgb[at % 3]! - ((at * i) % 30));
  return { width: 16, height: 16, data };
};
const walls = {
  length: 80,
  get: (i: number) => ({ id: `${i}`, text: `a ${colours[i % 3]![0]} wall`, image: picture(i) }),
};
const shape = { imageSize: 16, width: 32, layers: 1, heads: 2, mlp: 64, maxTextLength: 8 };
const config: RunConfigInput = {
  name: 'walls',
  data: { train: { source: 'walls' }, valShare: 0.2 },
  model: { architecture: 'encoder-decoder', ...shape, patcher: { kind: 'linear', patchSize: 8 } },
  optimizer: { learningRate: 1e-2 },
  steps: 60,
};

/** Trains until step 20, goes on to the end as another session would, validates, and captions with the checkpoint. */
export async function train(storage: CheckpointStorage) {
  await pickBackend();
  const stop = new AbortController();
  const first = await openRun(config, { storage, sources: { walls } });
  await first.train({
    signal: stop.signal,
    callbacks: [{ onStep: ({ step }) => void (step === 20 && stop.abort()) }],
  });
  const run = await openRun(config, { storage, sources: { walls } });
  const { step } = await run.train({ resume: true });
  const { wordF1 } = await run.validate();
  const captioner = await openCaptioner((await storage.latest())!);
  const [caption] = await captioner.caption([picture(2)]);
  return { step, wordF1, caption: caption!.text };
}
