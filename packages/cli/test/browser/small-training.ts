import { Random } from '@simvlm/core';
import {
  arrayDataset,
  createBatchSource,
  datasetSource,
  exampleStream,
  imagePixels,
  uniformPrefix,
} from '@simvlm/data';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import { pickBackend } from '@simvlm/runtime';
import { trainUnigram } from '@simvlm/tokenizer';
import { train } from '@simvlm/trainer';

export interface SmallTraining {
  readonly backend: string;
  readonly detail: string;
  readonly losses: readonly number[];
  readonly captions: readonly string[];
}

const SIDE = 16;
const colours = { red: [220, 40, 40], green: [40, 160, 60], blue: [50, 80, 220] } as const;

/** Thirty steps on single-coloured pictures, then a caption of each: the same program for a page and for Node. */
export async function smallTraining(): Promise<SmallTraining> {
  const { name, detail } = await pickBackend({ prefer: 'wasm', threads: 2 });
  const examples = Object.entries(colours).map(([colour, rgb]) => {
    const data = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => rgb[i % 3]!);
    return { id: colour, text: `a ${colour} square`, image: { width: SIDE, height: SIDE, data } };
  });
  const tokenizer = await trainUnigram(
    examples.map(({ text }) => text),
    { vocabSize: 40, hardVocabLimit: false },
  );
  const { pad, bos, eos } = tokenizer.special;
  const model = SimVlm.create(
    {
      ...{ architecture: 'encoder-decoder', imageSize: SIDE, width: 32, layers: 1, heads: 2, mlp: 64 },
      ...{ vocabSize: tokenizer.vocabSize, maxTextLength: 12, tokens: { pad, bos, eos } },
      patcher: { kind: 'linear', patchSize: 8 },
    },
    { seed: 1 },
  );
  const losses: number[] = [];
  await train({
    learner: prefixLmLearner(model),
    batches: createBatchSource({
      imageText: {
        stream: exampleStream({
          source: datasetSource(arrayDataset(examples)),
          random: Random.fromSeed(1),
          pictures: { transform: { size: SIDE } },
        }),
        batchSize: 6,
      },
      tokenizer,
      maxTextLength: 12,
      prefix: uniformPrefix,
    }),
    config: { learningRate: 1e-2, warmup: 2, steps: 30 },
    callbacks: [{ onStep: ({ loss }) => void losses.push(loss) }],
  });
  const images = imagePixels(examples.map(({ image }) => image));
  const captions = (await model.generate({ images })).map(({ tokens }) => tokenizer.decode(tokens));
  model.dispose();
  return { backend: name, detail, losses, captions };
}
