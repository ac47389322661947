import type { CheckpointFiles } from '@simvlm/checkpoint';
import { memoryCheckpoint } from '@simvlm/checkpoint';
import { imagePixels } from '@simvlm/data';
import { centerCrop } from '@simvlm/image';
import { beforeAll, describe, expect, test } from 'vitest';
import type { LoadProgress, Picture } from '../src/engine/engine';
import { openModel } from '../src/engine/model-store';
import { decodePicture } from '../src/engine/pictures';
import { Turns } from '../src/engine/turns';
import { drawing, failureOf, newEngine, smallCheckpoint, taughtCheckpoint } from './fixture';

async function started(shipped: CheckpointFiles) {
  const engine = newEngine({ shipped });
  const progress: LoadProgress[] = [];
  const start = await engine.start(now => void progress.push(now));
  return { engine, progress, start, picture: await drawing('red', 'disc') };
}

describe.each(['encoder-decoder', 'decoder-only'] as const)('a model that is %s', architecture => {
  let shipped: CheckpointFiles;
  beforeAll(async () => {
    shipped = await taughtCheckpoint(architecture);
  });

  test('starts, and says what it is and what it runs on', async () => {
    const { progress, start } = await started(shipped);
    expect(progress.map(({ stage }) => stage)).toEqual(['backend', 'compile']);
    expect(start.backend).toMatchObject({ name: 'wasm', detail: expect.stringContaining('SIMD') });
    expect(start.model).toMatchObject({
      ...{ name: 'shipped', imageSize: 16, architecture, card: '# A small model\n' },
      grid: { height: 4, width: 4 },
    });
    expect(start.notices).toEqual([]);
  });

  test('captions word by word, each with its likelihood and a map that sums to 1', async () => {
    const { engine, picture } = await started(shipped);
    const texts: string[] = [];
    const caption = await engine.caption(picture, text => void texts.push(text));
    expect(texts.length).toBeGreaterThan(caption.words.length);
    expect(texts.at(-1)).toBe(caption.text);
    for (const [i, text] of texts.entries()) if (i > 0) expect(text.startsWith(texts[i - 1]!)).toBe(true);
    expect(caption.words.map(({ text }) => text)).toEqual(caption.text.split(' '));
    expect(caption.words.length).toBeGreaterThan(1);
    expect(caption.grid).toEqual({ height: 4, width: 4 });

    // The same by the library alone, token by token.
    const { model, tokenizer } = await openModel(memoryCheckpoint(shipped), { name: 'again' });
    const image = imagePixels([centerCrop(await decodePicture(picture.file, picture.name, 128), 16)]);
    const [made] = await model.generate({ images: image });
    const { tokens, tokenLogProbs, logProb } = made!;
    const { maps } = await model.attentionMaps(image, tokens);
    model.dispose();
    expect(caption).toMatchObject({ text: tokenizer.decode(tokens), logProb });
    const ofWord = [...tokens].map(
      (_, place) => tokenizer.decode(tokens.subarray(0, place + 1)).split(' ').length - 1,
    );
    for (const [word, { attention, logProb: ofWholeWord }] of caption.words.entries()) {
      const places = [...tokens.keys()].filter(place => ofWord[place] === word);
      const sum = places.reduce((total, place) => total + tokenLogProbs[place]!, 0);
      expect(ofWholeWord).toBeCloseTo(sum, 4);
      expect(attention).toHaveLength(16);
      for (const [i, share] of attention.entries()) {
        const mean = places.reduce((total, place) => total + maps[place * 16 + i]!, 0) / places.length;
        expect(share).toBeCloseTo(mean, 5);
      }
      expect(attention.reduce((total, share) => total + share, 0)).toBeCloseTo(1, 5);
    }
  });

  test('compares candidates with what it says itself, each by its own likelihood', async () => {
    const { engine, picture } = await started(shipped);
    const texts = ['a red disc', 'a green square', 'a blue cross'];
    const { own, candidates } = await engine.compare(picture, texts);
    expect(candidates.map(({ text }) => text)).toEqual(texts);
    const caption = await engine.caption(picture, () => {});
    expect(own[0]).toMatchObject({ text: caption.text, logProb: expect.closeTo(caption.logProb, 4) });
    expect(own.length).toBeGreaterThan(1);
    const [first] = candidates;
    // The others change nothing about it.
    const alone = await engine.compare(picture, ['a red disc']);
    expect(alone.own).toEqual(own);
    expect(alone.candidates).toEqual([{ ...first, logProb: expect.closeTo(first!.logProb, 4) }]);
    expect(first!.tokens).toBeGreaterThan(1);
    expect((await engine.compare(picture, [])).candidates).toEqual([]);
    expect((await failureOf(engine.compare(picture, ['a red disc', ' ']))).code).toBe('LESSONS_UNUSABLE');
  });

  test('tells of a text what it cannot write, and where it stops reading', async () => {
    const { engine } = await started(shipped);
    const [known, strange, long] = await engine.check(['a red disc', 'a red 猫', 'a red disc '.repeat(40)]);
    expect(known).toEqual({ unknown: [] });
    expect(strange).toEqual({ unknown: ['猫'] });
    expect(long!.read).toMatch(/^a red disc a red/);
    expect(long!.read!.length).toBeLessThan(400);
  });

  test('memory is constant over captions and comparisons', async () => {
    const { engine, picture } = await started(shipped);
    const once = async () => {
      await engine.caption(picture, () => {});
      await engine.compare(picture, ['a red disc', 'a blue cross']);
      return engine.memory();
    };
    const after = await once();
    expect(await once()).toEqual(after);
  });
});

test('a picture that cannot be used leaves the engine as it was, and so does a model that says nothing', async () => {
  const { engine, picture } = await started(await smallCheckpoint());
  const broken: Picture = { id: 'x', name: 'x.png', file: new Blob(['not a picture']) };
  // Untrained, it may end at once.
  const { text } = await engine.caption(picture, () => {});
  expect((await failureOf(engine.caption(broken, () => {}))).code).toBe('PICTURE_NOT_AN_IMAGE');
  expect((await engine.caption(picture, () => {})).text).toBe(text);
});

test('jobs that come as another ends are run', async () => {
  const turns = new Turns();
  const order: number[] = [];
  const job = (number: number) => turns.run(async () => void order.push(number));
  await Promise.all([job(1).then(() => job(3)), job(2)]);
  for (let number = 4; number < 7; number++) await job(number);
  await expect(turns.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await turns.run(async () => {
    const inside = job(7);
    await turns.between();
    await inside;
  });
  expect(order).toEqual([1, 2, 3, 4, 5, 6, 7]);
});
