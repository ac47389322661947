import { openRun } from '@simvlm/run';
import { pickBackend } from '@simvlm/runtime';

export interface ShardTraining {
  readonly losses: readonly number[];
  readonly exactMatch: number;
}

/** Forty steps on a tar shard behind an address: the same program for a page and for Node. Nothing is kept. */
export async function shardTraining(address: string): Promise<ShardTraining> {
  await pickBackend({ prefer: 'wasm', threads: 1 });
  const run = await openRun({
    name: 'shard',
    data: { train: { path: address }, valShare: 0.2 },
    model: {
      architecture: 'encoder-decoder',
      ...{ imageSize: 16, width: 32, layers: 1, heads: 2, mlp: 64, maxTextLength: 8 },
      patcher: { kind: 'linear', patchSize: 8 },
    },
    objective: { kind: 'captioning' },
    tokenizer: { vocabSize: 60 },
    batch: { imageText: 16, textOnly: 0 },
    optimizer: { learningRate: 1e-2 },
    steps: 40,
  });
  const losses: number[] = [];
  await run.train({ callbacks: [{ onStep: ({ loss }) => void losses.push(loss) }] });
  const { exactMatch } = await run.validate();
  run.dispose();
  return { losses, exactMatch: exactMatch! };
}
