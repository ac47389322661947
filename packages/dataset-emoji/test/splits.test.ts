import { describe, expect, test } from 'vitest';
import { type CatalogPicture, readCatalog } from '../src/catalog';
import { wordsOf } from '../src/labels';
import { assignSplits, chooseHeldOut, limitPictures, type SplitName } from '../src/splits';

const { pictures, labels } = readCatalog();
const heldOut = chooseHeldOut(pictures);
// Equal drawings have equal pixels, so that the whole set can be judged without drawing it.
const drawings = pictures.map(picture => picture.svg());
const splits = assignSplits(pictures, heldOut, drawings);

const indicesOf = (...names: SplitName[]) =>
  pictures.flatMap((_, index) => (names.includes(splits[index]!) ? [index] : []));
const of = (...names: SplitName[]) => indicesOf(...names).map(index => pictures[index]!);
const captions = new Set(of('train').map(({ label }) => label.label));
const trainedOn = of('train', 'val');

describe('what counts as trained', () => {
  test('no picture is in two splits and no id twice', () => {
    expect(splits).toHaveLength(pictures.length);
    expect(new Set(pictures.map(({ id }) => id)).size).toBe(pictures.length);
  });

  test('no EmojiOne picture is in train or val, and every one is in unseen-artist', () => {
    expect(trainedOn.filter(({ artist }) => artist === 'emojione')).toEqual([]);
    expect(of('unseen-artist').map(({ id }) => id)).toEqual(
      pictures.filter(({ artist }) => artist === 'emojione').map(({ id }) => id),
    );
  });

  test('no artist shows a held-out composition or concept in train or val', () => {
    const held = ({ label }: CatalogPicture) =>
      heldOut.compositions.has(label.hexcode) || heldOut.concepts.has(label.hexcode);
    expect(trainedOn.filter(held)).toEqual([]);
    expect(of('unseen-composition', 'unseen-concept').every(held)).toBe(true);
  });

  test('no held-out label is a training caption', () => {
    for (const { hexcode, label } of labels)
      if (heldOut.compositions.has(hexcode) || heldOut.concepts.has(hexcode))
        expect(captions.has(label)).toBe(false);
  });

  test('no drawing of a held-out picture is in train or val under another name', () => {
    const hidden = new Set(
      indicesOf('unseen-artist', 'unseen-composition', 'unseen-concept').map(i => drawings[i]),
    );
    expect(indicesOf('train', 'val').filter(index => hidden.has(drawings[index]))).toEqual([]);
    // The rule has work to do: there are such drawings.
    expect(of('left-out').length).toBeGreaterThan(30);
    expect(indicesOf('left-out').every(index => hidden.has(drawings[index]))).toBe(true);
  });

  test('no drawing of val is in train under another name', () => {
    const trained = new Set(indicesOf('train').map(index => drawings[index]));
    expect(indicesOf('val').filter(index => trained.has(drawings[index]))).toEqual([]);
  });
});

describe('what a model can know', () => {
  test('every label of val is a training caption', () => {
    expect(of('val').filter(({ label }) => !captions.has(label.label))).toEqual([]);
  });

  test('the only picture of a label is never taken from training for val', () => {
    const noto = pictures.flatMap(({ artist }, index) => (artist === 'noto' ? [index] : []));
    const alone = assignSplits(
      noto.map(index => pictures[index]!),
      heldOut,
      noto.map(index => drawings[index]!),
    );
    expect(alone).toContain('train');
    expect(alone).not.toContain('val');
  });

  test('every word of a held-out label occurs in the training captions', () => {
    const words = new Set([...captions].flatMap(wordsOf));
    const tested = of('unseen-artist', 'unseen-composition', 'unseen-concept');
    expect(tested.flatMap(({ label }) => wordsOf(label.label)).filter(word => !words.has(word))).toEqual([]);
  });

  test('every word of a held-out concept occurs in three or more trained labels without skin tones', () => {
    const labelsWith = new Map<string, Set<string>>();
    for (const { label } of of('train'))
      for (const word of wordsOf(label.baseLabel))
        labelsWith.set(word, (labelsWith.get(word) ?? new Set()).add(label.baseLabel));
    for (const { label } of of('unseen-concept')) {
      expect(new Set(wordsOf(label.label)).size).toBeGreaterThan(1);
      for (const word of wordsOf(label.label))
        expect(labelsWith.get(word)?.size ?? 0, `${word} of ${label.label}`).toBeGreaterThanOrEqual(3);
    }
  });

  test('a held-out concept has no skin tones, and so no variant stays in training', () => {
    const toned = new Set(labels.filter(({ tones }) => tones.length > 0).map(label => label.baseHexcode));
    expect([...heldOut.concepts].filter(hexcode => toned.has(hexcode))).toEqual([]);
  });
});

describe('how many', () => {
  test('a tenth of the compositions and a hundred concepts are held out', () => {
    const compositions = new Set(
      pictures.filter(({ artist, label }) => artist !== 'emojione' && label.tones.length > 0).map(hexcodeOf),
    );
    expect(heldOut.compositions.size).toBe(Math.round(compositions.size / 10));
    expect(heldOut.concepts.size).toBe(100);
  });

  test('val is a twentieth of what is not held out', () => {
    expect(of('val').length).toBe(Math.round(trainedOn.length / 20));
  });
});

describe('the same choice every time', () => {
  test('two calls agree, and what is held out does not depend on the order of the pictures', () => {
    expect(assignSplits(pictures, chooseHeldOut(pictures), drawings)).toEqual(splits);
    const reversed = chooseHeldOut([...pictures].reverse());
    expect([...reversed.compositions].sort()).toEqual([...heldOut.compositions].sort());
    expect([...reversed.concepts].sort()).toEqual([...heldOut.concepts].sort());
  });

  test('a limit keeps so many of each artist, in their order', () => {
    const few = limitPictures(pictures, 30);
    expect(few).toHaveLength(6 * 30);
    const places = few.map(picture => pictures.indexOf(picture));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(new Set(few.map(hexcodeOf)).size).toBeLessThan(90);
  });
});

describe('further artists', () => {
  const all = readCatalog(true).pictures;
  const further = all.slice(pictures.length);
  const held = further.map(
    ({ label }) => heldOut.compositions.has(label.hexcode) || heldOut.concepts.has(label.hexcode),
  );
  // As if one were drawn as a picture of val is, and one that is held out as a picture of train.
  const [copyOfVal, copyOfTrain] = [held.indexOf(false), held.indexOf(true)];
  const theirDrawings = further.map(picture => picture.svg());
  theirDrawings[copyOfVal] = drawings[splits.indexOf('val')]!;
  theirDrawings[copyOfTrain] = drawings[splits.indexOf('train')]!;
  const wider = assignSplits(all, chooseHeldOut(all), [...drawings, ...theirDrawings]);
  const theirs = wider.slice(pictures.length);
  const flatInVal = new Set(
    of('val').flatMap(({ artist, label }) => (artist === 'fluent-emoji-flat' ? [label.hexcode] : [])),
  );
  const inAnotherStyle = (index: number) =>
    further[index]!.artist === 'fluent-emoji' && flatInVal.has(hexcodeOf(further[index]!));

  test('come after the others, and change neither their splits nor what is held out', () => {
    expect(all.slice(0, pictures.length).map(({ id }) => id)).toEqual(pictures.map(({ id }) => id));
    expect(new Set(further.map(({ artist }) => artist))).toEqual(
      new Set(['fxemoji', 'streamline', 'fluent-emoji']),
    );
    expect(chooseHeldOut(all)).toEqual(heldOut);
    expect(wider.slice(0, pictures.length)).toEqual(splits);
  });

  test('no drawing of val is in train in another style: Fluent in colour shows what Fluent, flat, shows', () => {
    expect(further.filter((_, index) => inAnotherStyle(index)).length).toBeGreaterThan(100);
    expect(theirs.filter((split, index) => split === 'train' && inAnotherStyle(index))).toEqual([]);
  });

  test('are trained on, but for what is held out and copies of what is tested', () => {
    expect(new Set(theirs)).toEqual(new Set(['train', 'left-out']));
    expect(held.filter(Boolean).length).toBeGreaterThan(50);
    const leftOut = held.map((isHeld, index) => isHeld || index === copyOfVal || inAnotherStyle(index));
    expect(theirs.map(split => split === 'left-out')).toEqual(leftOut);
  });
});

function hexcodeOf({ label }: CatalogPicture) {
  return label.hexcode;
}
