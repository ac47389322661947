import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerWasmBackend } from '@simvlm/backend-wasm';
import { describeTraining, type TrainingData } from '@simvlm/conformance';
import { prepareEmojiDataset } from '@simvlm/dataset-emoji';
import { registerNativeBackend } from '../src/index';
import { describeNative } from './libtorch';

async function emoji(): Promise<TrainingData> {
  const cacheDir = mkdtempSync(join(tmpdir(), 'simvlm-training-'));
  try {
    const { train, documents } = await prepareEmojiDataset({ size: 32, limit: 30, cacheDir });
    return {
      pairs: train.items.map((_, i) => train.get(i)),
      documents: await Promise.all(Array.from({ length: 200 }, (_, i) => documents.get(i))),
    };
  } finally {
    rmSync(cacheDir, { recursive: true });
  }
}

describeNative('a run of training', () => {
  describeTraining('native', {
    // One thread: the operators are small, and two cost twice the time where the cores are wanted by others.
    ready: async () => {
      await registerWasmBackend({ threads: 2 });
      await registerNativeBackend({ device: 'cpu', threads: 1 });
    },
    data: emoji,
    steps: 200,
    fall: 1.5,
  });
});
