import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Corpus, readCorpus } from './corpus';
import { textAt, wordsOf } from './corpus.test-util';
import { checkedOptions, fixedPieces, type TrainingOptions } from './options';

const settings = {
  name: 'identity',
  charMap: new Uint8Array(0),
  addDummyPrefix: true,
  removeExtraWhitespaces: true,
  escapeWhitespaces: true,
};

function read(
  lines: Iterable<string> | AsyncIterable<string>,
  options: Partial<TrainingOptions> = {},
): Promise<Corpus> {
  const checked = checkedOptions('test', { vocabSize: 1000, characterCoverage: 1, ...options });
  return readCorpus(lines, settings, fixedPieces(checked), checked);
}

/** What a list of lines holds, counted. */
function tally(texts: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é', '漢', '😀'), minLength: 1, maxLength: 4 });
const line = fc.array(word, { minLength: 1, maxLength: 6 });

describe('words', () => {
  it('begin with a space, and are counted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 20, size: 'max' }), async lines => {
        const corpus = await read(lines.map(words => words.join(' ')));
        expect(wordsOf(corpus)).toEqual(tally(lines.flat().map(text => `▁${text}`)));
        expect(new Set(Object.keys(wordsOf(corpus))).size).toBe(corpus.counts.length);
      }),
    );
  });

  it('stand one after the other, a 0 behind each, and hold characters by their numbers', async () => {
    const corpus = await read(['ab ab b', 'b ab']);
    // "▁" and "b" are as frequent as each other; the lesser text is first.
    expect(corpus.characters).toEqual(['b', '▁', 'a']);
    expect(corpus.characterCounts).toEqual([5, 5, 3]);
    expect([...corpus.text]).toEqual([2, 3, 1, 0, 2, 1, 0]);
    expect([...corpus.starts]).toEqual([0, 4, 7]);
    expect([...corpus.counts]).toEqual([3, 2]);
  });

  it('are cut at every piece that is there already, the longest first', async () => {
    const corpus = await read(['x<m>yab z', 'zz<mask>ab<m>', 'a<0x41>b<s>c <ctl>', '<0x4g>'], {
      userDefinedSymbols: ['<m>', '<mask>', 'ab'],
      controlSymbols: ['<ctl>'],
      byteFallback: true,
    });
    expect(wordsOf(corpus)).toEqual({
      ...tally(['▁x', 'y', '▁z', '▁zz', '▁a', 'b', 'c', '▁']),
      '▁<0x4g>': 1,
    });
  });

  it('go on where a symbol ends, also when it could begin again inside itself', async () => {
    expect(wordsOf(await read(['xaaa', 'aaaab'], { userDefinedSymbols: ['aa'] }))).toEqual(
      tally(['▁x', 'a', '▁', 'b']),
    );
  });

  it('are only cut at byte pieces where there are such', async () => {
    expect(wordsOf(await read(['a<0x41>b']))).toEqual({ '▁a<0x41>b': 1 });
  });

  it('longer than 256 characters are cut', async () => {
    const letters = Array.from({ length: 254 }, (_, i) => String.fromCodePoint(0x10400 + (i % 40))).join('');
    for (const [length, parts] of [
      [255, [256]],
      [256, [256, 1]],
      [1000, [256, 256, 256, 233]],
    ] as const) {
      const text = letters.repeat(4).slice(0, 2 * length);
      const { starts, counts, characters, text: symbols } = await read([text, text]);
      expect(Array.from(counts.keys(), i => starts[i + 1]! - starts[i]! - 1)).toEqual(parts);
      expect([...counts]).toEqual(parts.map(() => 2));
      expect(Array.from(symbols, symbol => characters[symbol - 1] ?? '').join('')).toBe(`▁${text}`);
    }
  });

  it('are as many as there are, beyond any table that training began with', async () => {
    const words = Array.from({ length: 5000 }, (_, i) => `w${i.toString(36)}`);
    const corpus = await read([...words, ...words.slice(2000)]);
    expect(wordsOf(corpus)).toEqual(tally([...words, ...words.slice(2000)].map(text => `▁${text}`)));
  });
});

describe('characters', () => {
  it('are the most frequent ones that make up the share asked for; the others cut words', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 20, size: 'max' }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        async (lines, characterCoverage) => {
          const words = lines.flat().map(text => `▁${text}`);
          const counts = tally(words.join(''));
          const order = Object.keys(counts).sort((a, b) => counts[b]! - counts[a]! || (a < b ? -1 : 1));
          const total = [...words.join('')].length;
          const covered: string[] = [];
          const reached = () => covered.reduce((sum, character) => sum + counts[character]!, 0);
          while (reached() < characterCoverage * total) covered.push(order[covered.length]!);
          const corpus = await read(
            lines.map(words => words.join(' ')),
            { characterCoverage },
          );
          expect(corpus.characters).toEqual(covered);
          expect(corpus.characterCounts).toEqual(covered.map(character => counts[character]));
          const rest = new RegExp(`[^${covered.join('')}]`, 'u');
          expect(wordsOf(corpus)).toEqual(
            tally(words.flatMap(text => text.split(rest)).filter(text => text !== '')),
          );
        },
      ),
    );
  });

  it('never include NUL, which ends a piece in the original', async () => {
    const corpus = await read(['a\0b', '\0']);
    expect([...corpus.characters].sort()).toEqual(['a', 'b', '▁']);
    expect(wordsOf(corpus)).toEqual({ '▁a': 1, b: 1, '▁': 1 });
  });
});

describe('maxLines', () => {
  const lines = Array.from({ length: 60 }, (_, i) => `line${i}`);
  const chosen = async (count: number, maxLines: number, seed: number) => {
    const corpus = await read(lines.slice(0, count), { maxLines, seed });
    return Array.from(corpus.counts.keys(), i =>
      textAt(corpus, corpus.starts[i]!, corpus.starts[i + 1]! - corpus.starts[i]! - 1),
    );
  };

  it('takes so many lines, in the order of the text', async () => {
    const words = await chosen(60, 25, 1);
    expect(words).toHaveLength(25);
    const numbers = words.map(text => Number(text.replace('▁line', '')));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });

  it('takes all lines when there are no more than that', async () => {
    for (const most of [60, 61, 1000])
      expect(await chosen(60, most, 1)).toEqual(lines.map(text => `▁${text}`));
  });

  it('takes the same lines for the same seed, others for another', async () => {
    expect(await chosen(60, 25, 5)).toEqual(await chosen(60, 25, 5));
    expect(await chosen(60, 25, 5)).not.toEqual(await chosen(60, 25, 6));
    expect(await chosen(60, 25, 5)).not.toEqual(await chosen(60, 25, 5 + 2 ** 32));
  });

  it.each([
    [6, 2],
    [4, 1],
  ])('of %i lines gives each the same chance to be among %i', async (count, most) => {
    const seeds = 1000;
    const times = new Map<string, number>();
    for (let seed = 0; seed < seeds; seed++)
      for (const text of await chosen(count, most, seed)) times.set(text, (times.get(text) ?? 0) + 1);
    const chance = most / count;
    // Four standard deviations; the seeds are always the same.
    const deviation = Math.sqrt(seeds * chance * (1 - chance));
    expect(times.size).toBe(count);
    for (const [text, number] of times)
      expect(Math.abs(number - seeds * chance), `${text}: ${number}`).toBeLessThan(4 * deviation);
  });
});

describe('reading', () => {
  it('says how many lines it has read, every 10,000 and at the end', async () => {
    const counts: number[] = [];
    const onProgress: TrainingOptions['onProgress'] = ({ stage, count, target }) => {
      expect([stage, target]).toEqual(['read', undefined]);
      counts.push(count);
    };
    await read(Array<string>(25_001).fill('a'), { onProgress });
    expect(counts).toEqual([10_000, 20_000, 25_001]);
    counts.length = 0;
    await read(Array<string>(25_001).fill('a'), { onProgress, maxLines: 3 });
    expect(counts).toEqual([10_000, 20_000, 25_001]);
  });

  it.each([[[]], [['']], [['', '  ', ' ']], [['▁▁', ' ▁']]])(
    'refuses a text without a word: %j',
    async lines => {
      const error = await read(lines).catch(cause => cause);
      expect(error).toMatchObject({
        code: 'TOKENIZER_TRAINING',
        message: 'there is no text to train a tokenizer on',
      });
    },
  );

  it('hands on what goes wrong while lines come', async () => {
    async function* broken() {
      yield 'a';
      throw new Error('the disk is gone');
    }
    await expect(read(broken())).rejects.toThrow('the disk is gone');
  });
});
