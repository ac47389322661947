import { expect, test, vi } from 'vitest';
import { type CatalogPicture, readCatalog } from '../src/catalog';
import { prepareEmojiDataset } from '../src/index';
import { rasterise } from '../src/rasterise';
import { ARTISTS } from '../src/sources';
import { assignSplits } from '../src/splits';

const broken = vi.hoisted(() => ({ id: '' }));
vi.mock('../src/catalog', async original => {
  const actual = await original<typeof import('../src/catalog')>();
  const spoil = (picture: CatalogPicture) =>
    broken.id === '*' || picture.id === broken.id ? { ...picture, svg: () => '<svg>' } : picture;
  return {
    ...actual,
    readCatalog: (further?: boolean) => {
      const catalog = actual.readCatalog(further);
      return { ...catalog, pictures: catalog.pictures.map(spoil) };
    },
  };
});

// A folder that cannot be made: nothing here is to be cached.
const options = { limit: 4, size: 8, cacheDir: `${import.meta.filename}/cache` };

test('a picture that cannot be drawn is left out of every split, counted and reported', async () => {
  broken.id = '';
  const whole = await prepareEmojiDataset(options);
  broken.id = whole.unseenArtist.items[1]!.id;
  const dataset = await prepareEmojiDataset(options);
  expect(dataset.skipped).toEqual({
    count: 1,
    draws: 1,
    reasons: [expect.stringContaining(`${broken.id}: `)],
  });
  expect(dataset.skipped.reasons[0]).not.toContain('\n');
  expect(dataset.unseenArtist.items).toEqual(whole.unseenArtist.items.filter(({ id }) => id !== broken.id));
  // The pictures after it are still their own.
  expect(dataset.unseenArtist.get(1)).toEqual(whole.unseenArtist.get(2));
  // The next try draws again, so nothing was to be cached and no cache was missed.
  expect(dataset.warnings).toEqual([]);
});

test('when no picture at all can be drawn, the error says why', async () => {
  broken.id = '*';
  await expect(prepareEmojiDataset(options)).rejects.toThrow(/^none of 24 emoji could be drawn; noto\/.*: /);
});

test('every artist draws a red heart that is red in the middle and white in the corners', async () => {
  broken.id = '';
  const hearts = readCatalog(true).pictures.filter(({ label }) => label.hexcode === '2764');
  // Streamline draws hearts of other colours only.
  const artists = ARTISTS.map(({ name }) => name).filter(name => name !== 'streamline');
  expect(hearts.map(({ artist }) => artist)).toEqual(artists);
  const { pixels } = await rasterise(hearts, { size: 32 });
  for (const [index, { artist }] of hearts.entries()) {
    const at = (x: number, y: number) => pixels.subarray(((index * 32 + y) * 32 + x) * 3).subarray(0, 3);
    const [red = 0, green = 0, blue = 0] = at(16, 16);
    // Noto v1 and EmojiOne draw a pink one.
    expect(red - Math.max(green, blue), artist).toBeGreaterThan(50);
    expect([...at(0, 31), ...at(31, 31)], artist).toEqual([255, 255, 255, 255, 255, 255]);
  }
});

test('pictures that come out alike count as one, though their drawings differ in what is not seen', async () => {
  broken.id = '';
  const { pictures } = readCatalog();
  const astronauts = pictures.filter(
    ({ artist, label }) => artist === 'noto' && /^((wo)?man )?astronaut: light skin tone$/.test(label.label),
  );
  const comments = astronauts.map((picture, index) => ({
    ...picture,
    svg: () => picture.svg().replace('</svg>', `<!-- ${index} --></svg>`),
  }));
  const bytes = 24 * 24 * 3;
  const { pixels } = await rasterise(comments, { size: 24 });
  const prints = comments.map((_, i) =>
    Buffer.from(pixels.subarray(i * bytes, (i + 1) * bytes)).toString('base64'),
  );
  const heldOut = { compositions: new Set([astronauts[0]!.label.hexcode]), concepts: new Set<string>() };
  expect(assignSplits(comments, heldOut, prints)).toEqual(['unseen-composition', 'left-out', 'left-out']);
});
