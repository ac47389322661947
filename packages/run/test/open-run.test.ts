import { fileURLToPath } from 'node:url';
import { memoryStorage } from '@simvlm/checkpoint';
import { type Example, Random, type RgbImage } from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';
import { pickBackend } from '@simvlm/runtime';
import { beforeAll, describe, expect, it } from 'vitest';
import { openCaptioner, openRun, type RunConfigInput } from '../src/index';
import { openRun as openRunInNode, readTokenizer } from '../src/node';

beforeAll(() => pickBackend({ prefer: 'wasm' }));

const colours = { red: [220, 40, 40], green: [40, 160, 60], blue: [50, 80, 220] } as const;

/** A picture of one colour, a little lighter or darker each time. */
function patch(colour: keyof typeof colours, random: Random): RgbImage {
  const data = new Uint8Array(16 * 16 * 3);
  const light = random.integer(30);
  for (let i = 0; i < data.length; i++) data[i] = colours[colour][i % 3]! + light;
  return { width: 16, height: 16, data };
}

function patches(count: number, seed: number): Example[] {
  const random = Random.fromSeed(seed);
  return Array.from({ length: count }, (_, i) => {
    const colour = random.pick(Object.keys(colours) as (keyof typeof colours)[]);
    return { id: `${i}`, text: `a ${colour} patch`, image: patch(colour, random) };
  });
}

const config = (change: Partial<RunConfigInput> = {}): RunConfigInput => ({
  name: 'patches',
  model: {
    ...{ architecture: 'decoder-only', imageSize: 16, width: 16, layers: 1, heads: 2, mlp: 32 },
    ...{ maxTextLength: 8, patcher: { kind: 'linear', patchSize: 8 } },
  },
  objective: { kind: 'captioning' },
  data: { train: { source: 'patches' }, valShare: 0.2 },
  tokenizer: { vocabSize: 40 },
  batch: { imageText: 16, textOnly: 0 },
  optimizer: { learningRate: 1e-2 },
  steps: 80,
  ...change,
});
const sources = { patches: arrayDataset(patches(60, 1)) };

describe('a program without the command line', () => {
  it('trains, validates, stops, resumes exactly and captions', async () => {
    const whole = await openRun(config(), { sources });
    const losses: number[] = [];
    const log = (into: number[]) => ({ onStep: ({ loss }: { loss: number }) => void into.push(loss) });
    await whole.train({ callbacks: [log(losses)] });
    expect(await whole.validate()).toMatchObject({ exactMatch: 1, count: 12 });
    const pictures = [patch('blue', Random.fromSeed(5)), patch('red', Random.fromSeed(6))];
    const said = await whole.caption(pictures);
    expect(said.map(({ picture, text }) => [picture, text])).toEqual([
      [0, 'a blue patch'],
      [1, 'a red patch'],
    ]);
    whole.dispose();

    const storage = memoryStorage();
    const again: number[] = [];
    const controller = new AbortController();
    const first = await openRun(config(), { sources, storage });
    const stop = { onStep: ({ step }: { step: number }) => step === 20 && controller.abort() };
    const { reason } = await first.train({
      signal: controller.signal,
      callbacks: [log(again), stop as never],
    });
    expect(reason).toBe('signal');
    first.dispose();
    const second = await openRun(config(), { sources, storage });
    await second.train({ resume: true, callbacks: [log(again)] });
    expect(again).toEqual(losses);
    expect(await second.caption(pictures)).toEqual(said);
    second.dispose();

    const captioner = await openCaptioner((await storage.latest())!);
    expect(await captioner.caption(pictures)).toEqual(said);
    captioner.dispose();
  });
});

describe('what cannot be is said', () => {
  it('a storage that holds a run, another configuration, and no model yet', async () => {
    const storage = memoryStorage();
    const run = await openRun(config({ steps: 2 }), { sources, storage });
    await expect(run.caption([])).rejects.toThrow('this run has no model yet: train it first');
    await run.train();
    await expect(run.train()).rejects.toThrow('go on with train({ resume: true })');
    const other = await openRun(config({ steps: 2, seed: 7 }), { sources, storage });
    await expect(other.train({ resume: true })).rejects.toThrow('another configuration: seed 1 → 7');
    run.dispose();
  });

  it.each([
    [
      { data: { train: 'folder' } },
      '"data.train": folders and files are read in Node only, and "folder" is one',
    ],
    [
      { data: { train: { source: 'pathces' } } },
      'no source "pathces"; registered: patches; did you mean "patches"?',
    ],
    [{ model: 'emoji-tny' }, 'no model preset "emoji-tny"; there are'],
    [{ objective: { kind: 'captoining' } }, 'no objective "captoining"; registered:'],
    [{ optimizer: { learningrate: 1 } }, 'unknown key "optimizer.learningrate"'],
  ])('%j', async (change, message) => {
    await expect(openRun(config(change as never), { sources })).rejects.toThrow(message);
  });
});

it.each([
  [{ tokenizer: { model: 'nowhere.model' } }, '"tokenizer.model": cannot read nowhere.model'],
  [{ init: 'nowhere' }, '"init": no checkpoint at nowhere'],
])('what %j names and is not there is named with its key', async (change, message) => {
  const run = await openRunInNode(config(change), { sources });
  await expect(run.train()).rejects.toThrow(message);
});

describe('data', () => {
  it('split off for validation are never trained on, and the same for the same seed', async () => {
    const idsOf = async (seed: number) => {
      const { data } = await openRun(config({ seed }), { sources });
      const train: string[] = [];
      for await (const { key } of data.train[0]!.source.read()) train.push(key);
      const val = data.val!;
      const ids = Array.from({ length: val.length }, async (_, i) => (await val.get(i)).id);
      return { train, val: await Promise.all(ids) };
    };
    const { train, val } = await idsOf(1);
    expect([train.length, val.length]).toEqual([48, 12]);
    expect(val.filter(id => train.includes(id))).toEqual([]);
    expect(await idsOf(1)).toEqual({ train, val });
    expect((await idsOf(2)).val).not.toEqual(val);
  });
});

it.each(['bert-uncased', 'gpt2'])(
  '%s, from its files, is in the checkpoint and comes back out of it',
  async name => {
    const model = fileURLToPath(
      new URL(`../../tokenizer/fixtures/hugging-face/models/${name}`, import.meta.url),
    );
    const storage = memoryStorage();
    const run = await openRunInNode(config({ steps: 2, tokenizer: { model, sentinels: 2 } }), {
      sources,
      storage,
    });
    await run.train();
    run.dispose();
    const checkpoint = (await storage.latest())!;
    expect(checkpoint.names).toContain('tokenizer.json');
    expect(checkpoint.names).not.toContain('tokenizer.model');
    const captioner = await openCaptioner(checkpoint);
    const original = await readTokenizer(model);
    const { tokenizer } = captioner;
    expect(tokenizer.constructor).toBe(original.constructor);
    expect(tokenizer.encode('A red patch, 3 times')).toEqual(original.encode('A red patch, 3 times'));
    // The tokens that training needs, and those that were asked for, stand behind its pieces.
    expect(tokenizer.special.pad).toBeGreaterThanOrEqual(0);
    expect(tokenizer.sentinels).toEqual([tokenizer.vocabSize - 1, tokenizer.vocabSize - 2]);
    captioner.dispose();
  },
);
