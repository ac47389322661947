import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sample } from '@simvlm/core';
import { type EmojiDataset, prepareEmojiDataset } from '@simvlm/dataset-emoji';
import { decodeImage } from '@simvlm/image';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { iconSource, prepareIcons } from '../src/index';
import { testedOf } from '../src/tested';
import { drawing, emojiOneDrawing, plantedPackages, testFolder } from './fixture';

const folder = testFolder();
afterAll(folder.remove);

let emoji: EmojiDataset;
beforeAll(async () => {
  // Enough for a few held-out concepts.
  emoji = await prepareEmojiDataset({ limit: 100, cacheDir: join(folder.path, 'cache') });
});

async function read(shards: string): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const split of ['train', 'val'] as const)
    for await (const sample of iconSource({ shards, split }).read()) samples.push(sample);
  return samples.sort((a, b) => (a.key < b.key ? -1 : 1));
}

test('leaves out what is tested on, what may not be used and what is there twice, and counts each by its rule', async () => {
  const { concepts } = testedOf(emoji);
  const heldOut = concepts[0]!.toLowerCase().replace(/[^a-z]+/g, '-');
  const inAnotherOrder = `${heldOut.split('-').reverse().join('-')}-outline`;
  const tested = emoji.unseenArtist.items.find(({ toned, group }) => !toned && group === 'animals-nature')!;
  const nameOfTested = tested.label.toLowerCase().replace(/[^a-z]+/g, '-');
  const project = plantedPackages(
    join(folder.path, 'planted'),
    {
      shapes: {
        set: {
          suffixes: { '': 'Regular', bold: 'Bold' },
          aliases: { billow: { parent: 'wave' }, 'wave-left': { parent: 'wave', hFlip: true } },
          categories: { Sea: ['wave', 'wave-bold'] },
          icons: {
            wave: { body: drawing('wave') },
            'wave-bold': { body: drawing('wave bold') },
            'wave-filled': { body: drawing('wave filled') },
            ripple: { body: drawing('ripple') },
            swell: { body: drawing('ripple') },
            old: { body: drawing('old'), hidden: true },
            '24': { body: drawing('24') },
            [heldOut]: { body: drawing('held out') },
            [inAnotherOrder]: { body: drawing('another order') },
            nothing: { body: '<path d="M0 0"/>' },
            broken: { body: '<path' },
          },
        },
      },
      colours: {
        info: { palette: true },
        set: {
          icons: {
            kite: { body: drawing('kite', '#c04020') },
            thing: { body: emojiOneDrawing(nameOfTested) },
          },
        },
      },
      emojione: { set: { icons: { dog: { body: drawing('dog') } } } },
      'emojione-monotone': { set: { icons: { cat: { body: drawing('cat') } } } },
      noto: { info: { category: 'Emoji' }, set: { icons: { cow: { body: drawing('cow') } } } },
      brands: { info: { category: 'Logos' }, set: { icons: { acme: { body: drawing('acme') } } } },
      flag: { set: { icons: { 'fr-4x3': { body: drawing('fr') } } } },
      unpaid: { info: { licence: 'CC-BY-NC-4.0' }, set: { icons: { sail: { body: drawing('sail') } } } },
      shared: { info: { licence: 'GPL-3.0-or-later' }, set: { icons: { mast: { body: drawing('mast') } } } },
    },
    [{ name: 'light--house', friendlyName: 'Light house', aliases: ['beacon'], category: 'Travel' }],
  );
  const shards = join(folder.path, 'planted shards');
  const { report, skipped } = await prepareIcons({ folder: shards, packages: project, emoji });
  expect(report).toEqual({
    packages: { '@iconify/json': '1.0.0', '@carbon/pictograms': '1.0.0' },
    found: 21,
    coloured: 1,
    monochrome: 3,
    leftOut: {
      ...{ licence: 2, emojiOne: 2, emoji: 1, logos: 1, flags: 1 },
      ...{ withdrawn: 1, noWord: 1, caption: 2, variant: 2, sameDrawing: 1 },
      ...{ drawing: 1, blank: 1, hash: 1 },
    },
  });
  expect(skipped.reasons).toEqual([expect.stringMatching(/^shapes\/broken: cannot be drawn: ./)]);

  const samples = await read(shards);
  expect(samples.map(({ key }) => key.replace(/wave.*/, 'wave'))).toEqual([
    ...['carbon-pictograms/light-house', 'colours/kite', 'shapes/ripple', 'shapes/wave'],
  ]);
  expect(samples.map(({ text }) => text)).toEqual(['light house', 'kite', 'ripple', 'wave']);
  expect(samples[0]).toMatchObject({
    texts: ['light house', 'beacon', 'light house, travel'],
    fields: { set: 'carbon-pictograms', licence: 'Apache-2.0', coloured: false },
  });
  expect(await decodeImage(await samples[1]!.images[0]!.bytes())).toMatchObject({ width: 64, height: 64 });
  const attribution = readFileSync(join(shards, 'ATTRIBUTION.md'), 'utf8');
  expect(attribution).toContain('| `colours` | The colours | [A. N. Artist](https://example.org) | MIT |');
  expect(attribution).not.toContain('unpaid');
});

test('a preparation that was killed goes on, and becomes the same to the byte', async () => {
  const names = Array.from({ length: 60 }, (_, i) =>
    `shape ${String.fromCharCode(97 + (i % 26))}x${i}x`.replaceAll(' ', '-'),
  );
  const project = plantedPackages(join(folder.path, 'many'), {
    shapes: { set: { icons: Object.fromEntries(names.map(name => [name, { body: drawing(name) }])) } },
    tones: {
      info: { palette: true },
      set: {
        icons: Object.fromEntries(names.slice(30).map(name => [name, { body: drawing(name, '#208040') }])),
      },
    },
  });
  const options = { packages: project, emoji, size: 16, shardSize: 7 };
  const whole = join(folder.path, 'whole');
  const { report } = await prepareIcons({ ...options, folder: whole });
  const killed = join(folder.path, 'killed');
  const stop = ({ done }: { done: number }) => {
    if (done === 50) throw new Error('killed');
  };
  await expect(prepareIcons({ ...options, folder: killed, onProgress: stop })).rejects.toThrow('killed');
  const begun = readdirSync(killed).filter(name => name.endsWith('.tar')).length;
  expect(begun).toBeGreaterThan(2);
  const seen: number[] = [];
  const again = await prepareIcons({ ...options, folder: killed, onProgress: ({ done }) => seen.push(done) });
  expect(again.report).toEqual(report);
  expect(seen.find(done => done > 0)).toBeGreaterThan(7 * begun);
  expect(readdirSync(killed).sort()).toEqual(readdirSync(whole).sort());
  for (const name of readdirSync(whole))
    expect(readFileSync(join(killed, name))).toEqual(readFileSync(join(whole, name)));
  // Run once more it has nothing to do.
  expect((await prepareIcons({ ...options, folder: killed })).report).toEqual(report);
});

test('says how to install what is missing', async () => {
  await expect(prepareIcons({ folder: 'x', packages: folder.path, emoji })).rejects.toMatchObject({
    code: 'DATA_NOT_FOUND',
    message: expect.stringContaining('npm install --no-save @iconify/json@2.2.535 @carbon/pictograms@'),
  });
});
