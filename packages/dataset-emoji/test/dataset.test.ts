import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from '@simvlm/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { phraseMatcher } from '../src/documents';
import { type EmojiDataset, type EmojiSplit, emojiPlugin, isCore, prepareEmojiDataset } from '../src/index';

const folder = mkdtempSync(join(tmpdir(), 'simvlm-emoji-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = { cacheDir: join(folder, 'shared'), limit: 150, size: 24 };
let dataset: EmojiDataset;
beforeAll(async () => {
  dataset = await prepareEmojiDataset(options);
});

const pixelsOf = (split: EmojiSplit) =>
  split.items.map((_, index) => Buffer.from(split.get(index).image!.data).toString('base64'));

describe('a prepared data set', () => {
  test('has pictures in every split, and each once', () => {
    const { train, val, unseenArtist, unseenComposition, unseenConcept, leftOut } = dataset;
    const splits = [train, val, unseenArtist, unseenComposition, unseenConcept];
    for (const split of splits) expect(split.length).toBeGreaterThan(5);
    const ids = [...splits.flatMap(({ items }) => items), ...leftOut].map(({ id }) => id);
    expect(ids).toHaveLength(6 * 150);
    expect(new Set(ids).size).toBe(ids.length);
    expect(dataset.skipped).toEqual({ count: 0, draws: 0, reasons: [] });
    expect(dataset.warnings).toEqual([]);
  });

  test('trains on no picture that is pixel-identical to a held-out one or to one of val', () => {
    const trained = new Set(pixelsOf(dataset.train));
    for (const name of ['val', 'unseenArtist', 'unseenComposition', 'unseenConcept'] as const)
      expect(
        pixelsOf(dataset[name]).filter(pixels => trained.has(pixels)),
        name,
      ).toEqual([]);
  });

  test('a share of the training pictures is a part of each larger one, and changes no other split', async () => {
    const ids = async (share: number) => {
      const { train, val } = await prepareEmojiDataset({ ...options, share });
      expect(val.items).toEqual(dataset.val.items);
      return train.items.map(({ id }) => id);
    };
    const all = dataset.train.items.map(({ id }) => id);
    const [tenth, half, whole] = [await ids(0.1), await ids(0.5), await ids(1)];
    expect(whole).toEqual(all);
    expect(half).toEqual(all.filter(id => half.includes(id)));
    expect(half).toEqual(expect.arrayContaining(tenth));
    for (const [some, share] of [
      [tenth, 0.1],
      [half, 0.5],
    ] as const)
      expect(Math.abs(some.length / all.length - share)).toBeLessThan(0.05);
    await expect(prepareEmojiDataset({ ...options, share: 0 })).rejects.toThrow(
      '"share" must be a number above 0',
    );
  });

  test('gives RGB pictures with their label, and says what they show', () => {
    for (const split of [dataset.train, dataset.unseenConcept]) {
      const { id, text, image } = split.get(0);
      expect({ id, text }).toEqual({ id: split.items[0]!.id, text: split.items[0]!.label });
      expect(image).toMatchObject({ width: 24, height: 24 });
      expect(image!.data).toHaveLength(24 * 24 * 3);
      // Something is drawn.
      expect(new Set(image!.data).size).toBeGreaterThan(5);
    }
  });

  test('writing to a picture does not change the data set', () => {
    const before = Uint8Array.from(dataset.train.get(3).image!.data);
    dataset.train.get(3).image!.data.fill(7);
    expect(dataset.train.get(3).image!.data).toEqual(before);
  });

  test('an index outside is an error that says how many there are', () => {
    expect(() => dataset.val.get(-1)).toThrow(`no picture -1; there are ${dataset.val.length}`);
  });

  test('the captions are the distinct labels of train alone', () => {
    const captions = dataset.captionTexts();
    expect(new Set(captions)).toEqual(new Set(dataset.train.items.map(({ label }) => label)));
    expect(new Set(captions).size).toBe(captions.length);
  });

  test('no document contains a held-out label', async () => {
    const contains = phraseMatcher(dataset.unseenConcept.items.map(({ label }) => label));
    for (let index = 0; index < dataset.documents.length; index++)
      if (contains((await dataset.documents.get(index)).text)) throw new Error(`document ${index}`);
  });

  test('people with a skin tone weigh a quarter in training', () => {
    const weights = new Set(dataset.train.items.map((item, i) => `${item.toned} ${dataset.trainWeight(i)}`));
    expect(weights).toEqual(new Set(['true 0.25', 'false 1']));
  });

  test('the core of a split has neither skin tones nor flags', () => {
    const core = dataset.unseenArtist.items.filter(isCore);
    expect(core.length).toBeGreaterThan(20);
    expect(core.filter(({ tones, label }) => tones.length > 0 || label.startsWith('flag:'))).toEqual([]);
  });

  test('pictures of the unseen artist say where their emoji is held out from training', () => {
    const trained = new Set(dataset.train.items.map(({ hexcode }) => hexcode));
    const held = dataset.unseenArtist.items.filter(({ heldOut }) => heldOut !== undefined);
    expect(held.length).toBeGreaterThan(0);
    expect(held.filter(({ hexcode }) => trained.has(hexcode))).toEqual([]);
  });

  test('a second preparation elsewhere gives the same pictures, bit for bit', async () => {
    const again = await prepareEmojiDataset({ ...options, cacheDir: join(folder, 'other') });
    for (const name of ['train', 'val', 'unseenArtist', 'unseenComposition', 'unseenConcept'] as const) {
      expect(again[name].items).toEqual(dataset[name].items);
      expect(pixelsOf(again[name])).toEqual(pixelsOf(dataset[name]));
    }
  });
});

describe('preparing', () => {
  test('counts every picture, and at the end all are done', async () => {
    const events: number[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }) => events.push(done / total);
    await prepareEmojiDataset({ cacheDir: join(folder, 'counted'), limit: 5, onProgress });
    expect(events).toHaveLength(30);
    expect(events.at(-1)).toBe(1);
  });

  test('stops at once when aborted, with the reason, and leaves no file', async () => {
    const cacheDir = join(folder, 'aborted');
    const controller = new AbortController();
    let last = 0;
    const onProgress = ({ done }: { done: number }) => {
      last = done;
      if (done === 10) controller.abort(new Error('enough'));
    };
    const run = prepareEmojiDataset({ cacheDir, limit: 50, signal: controller.signal, onProgress });
    await expect(run).rejects.toThrow('enough');
    expect(last).toBeLessThan(20);
    expect(readdirSync(folder)).not.toContain('aborted');
    await expect(prepareEmojiDataset({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  test('passes on the error of a progress callback', async () => {
    const onProgress = () => {
      throw new Error('from the callback');
    };
    const run = prepareEmojiDataset({ cacheDir: join(folder, 'thrown'), limit: 50, onProgress });
    await expect(run).rejects.toThrow('from the callback');
  });

  test.each([
    [{ size: 7 }, '"size" must be an integer from 8 to 128, got 7'],
    [{ limit: 0 }, '"limit" must be an integer ≥ 1, got 0'],
    [{ sice: 32 }, 'unknown key "sice"'],
  ])('refuses %j', async (wrong, message) => {
    await expect(prepareEmojiDataset(wrong as object)).rejects.toThrow(message);
  });
});

describe('the plug-in', () => {
  test('registers the source "emoji", which takes the options of the data set and a split', async () => {
    const source = new Registry().use(emojiPlugin).get('source', 'emoji');
    expect(await source({ ...options, split: 'val' })).toHaveLength(dataset.val.length);
    expect(await source(options)).toHaveLength(dataset.train.length);
    await expect(source({ split: 'test' })).rejects.toThrow('"split" must be one of train, val');
  });
});
