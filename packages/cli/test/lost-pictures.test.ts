import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { ImageError, type SkipReport } from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';
import { evaluateSplits } from '@simvlm/run/node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { progressLine, reportTraining, sampleCaptions } from '../src/progress';
import { Terminal } from '../src/terminal';
import { drawFolder, evaluated, simvlm, smallConfig, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
const checkpoint = ['--checkpoint', 'runs/shapes'];

beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 24, 1);
  await drawFolder('test', 6, 2);
  folder.write('config.json', smallConfig('train', { steps: 4 }));
  expect((await simvlm('train', 'config.json', '--backend', 'wasm')).code).toBe(0);
});
afterAll(() => folder.leave());

/** A copy of the drawn pictures with more lines in its captions.jsonl. */
function folderWith(name: string, lines: readonly object[]): string {
  cpSync('test', name, { recursive: true });
  appendFileSync(`${name}/captions.jsonl`, lines.map(line => `${JSON.stringify(line)}\n`).join(''));
  return name;
}

/** A folder whose pictures are all missing, with some captions each. */
function lostFolder(name: string, count: number): string {
  mkdirSync(name);
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({ image: `lost-${i}.png`, text: `a red ${['disc', 'cross'][i % 2]}` }),
  );
  writeFileSync(`${name}/captions.jsonl`, lines.join('\n'));
  return name;
}

const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;

describe('caption', () => {
  it('names twenty of twenty-five missing pictures and says how many more there are', async () => {
    const files = Array.from({ length: 25 }, (_, i) => `lost-${i}.png`);
    const { code, out, err } = await simvlm('caption', ...files, ...checkpoint);
    expect([code, out]).toEqual([1, '']);
    expect(count(err, /cannot read lost-\d+\.png: there is no such file/g)).toBe(20);
    expect(err).toContain('error and 5 more\n');
  });

  it.skipIf(process.platform === 'win32')('says what a path is that is no picture file', async () => {
    mkdirSync('a-folder.png');
    execFileSync('mkfifo', ['pipe.png']);
    writeFileSync('empty.png', '');
    const files = ['a-folder.png', 'pipe.png', 'empty.png', 'test/0.png/x'];
    const { code, err } = await simvlm('caption', ...files, ...checkpoint);
    expect(code).toBe(1);
    expect(err).toContain('cannot read a-folder.png: it is a folder, not a regular file');
    expect(err).toContain('cannot read pipe.png: it is a named pipe, not a regular file');
    expect(err).toContain('empty.png: the picture is empty');
    expect(err).toContain('cannot read test/0.png/x: a part of its path is a file, not a folder');
  });
});

describe('eval', () => {
  it.each(['caption', 'choice'])(
    '--evaluator %s of pictures that are all missing ends with 1, never with numbers',
    async task => {
      const name = lostFolder(`lost-${task}`, 24);
      writeFileSync(
        `${name}/nway.jsonl`,
        Array.from({ length: 24 }, (_, i) =>
          JSON.stringify({ id: `lost-${i}`, candidates: ['a red disc', 'a red cross'] }),
        ).join('\n'),
      );
      const { code, out, err } = await simvlm('eval', name, '--evaluator', task, '--json', ...checkpoint);
      expect([code, out]).toEqual([1, '']);
      expect(err).toContain(
        `nothing was evaluated: none of 24 pictures can be used; the first: cannot read ${name}/lost-0.png: there is no such file`,
      );
    },
  );

  it('counts what it skipped, names each file once and ends with 0', async () => {
    const lost = { image: 'lost.png', text: 'a red disc' };
    const name = folderWith('partly', [lost, { ...lost, text: 'a round red thing' }]);
    const { code, out, err } = await simvlm('eval', name, '--json', ...checkpoint);
    expect(code).toBe(0);
    expect(evaluated(out)).toMatchObject({ count: 6, skipped: { draws: 2 } });
    expect(err).toContain('warning skipped 2 examples:');
    expect(count(err, /lost\.png/g)).toBe(1);
  });

  it('warns of ties between candidates that are equal as far as the model reads them', async () => {
    const name = folderWith('tied', []);
    // The model reads seven tokens and the end token: letters that it does not know are one each.
    const long = 'a red disc and a red cross and a red square and a blue disc and';
    const lines = Array.from({ length: 6 }, (_, i) => ({ image: `${i}.png`, text: `${long} one` }));
    writeFileSync(`${name}/captions.jsonl`, lines.map(line => JSON.stringify(line)).join('\n'));
    writeFileSync(
      `${name}/nway.jsonl`,
      lines
        .map((_, i) => JSON.stringify({ id: `${i}`, candidates: [`${long} one`, `${long} two`] }))
        .join('\n'),
    );
    const { code, out, err } = await simvlm('eval', name, '--evaluator', 'choice', '--json', ...checkpoint);
    expect(code).toBe(0);
    expect(evaluated(out)).toMatchObject({ accuracy: 0, accuracyPerToken: 0, ties: 6, count: 6 });
    expect(err).toContain('6 pictures had several likeliest candidates; a tie counts as a miss');
    expect(err).toContain('2 candidates are longer than the model reads');
  });

  it('of the embedded data set refuses a split without pictures before anything is evaluated', async () => {
    const splits = [
      ['val', arrayDataset([{ id: 'a', text: 'a' }])],
      ['unseen-artist', arrayDataset([])],
    ] as const;
    const terminal = new Terminal();
    // Neither a model nor a data set is touched.
    const untouched = undefined as never;
    await expect(
      evaluateSplits(
        untouched,
        untouched,
        { emoji: untouched, splits },
        terminal,
        new AbortController().signal,
      ),
    ).rejects.toThrow('nothing was evaluated: the split unseen-artist has no pictures');
  });
});

describe('train', () => {
  const train = (name: string, data: object, steps = 12) => {
    folder.write(`${name}.json`, smallConfig('train', { name, steps, data }));
    return simvlm('train', `${name}.json`, '--backend', 'wasm');
  };

  it('names every file that cannot be used once, before the first step, and counts draws at the end', async () => {
    writeFileSync('test/note.txt', 'no picture');
    const name = folderWith('some-lost', [
      ...['a red disc', 'a round red thing'].map(text => ({ image: 'lost.png', text })),
      { image: 'note.txt', text: 'a note' },
    ]);
    const { code, err } = await train('partly', { train: name, skipLimit: 0.5 });
    expect(code).toBe(0);
    expect(err).toContain(`${name}/captions.jsonl: 2 pictures among the first 9 records cannot be used:`);
    expect(count(err, /lost\.png: there is no such file/g)).toBe(1);
    expect(count(err, /note\.txt: this is not a picture/g)).toBe(1);
    expect(err.indexOf('lost.png')).toBeLessThan(err.indexOf(' parameters'));
    // 12 steps of 16 pictures are 21 epochs and more of nine lines.
    const [, draws] = err.match(/2 samples could not be used: (\d+) draws went to other samples/)!;
    expect(Number(draws)).toBeGreaterThan(40);
  });

  it('trains on nothing, and validates on nothing, in no step', async () => {
    const none = lostFolder('none', 3);
    const lost = await train('nothing', { train: none });
    expect(lost.code).toBe(1);
    expect(lost.err).toContain(
      `none/captions.jsonl: none of 3 pictures can be used; the first: cannot read ${none}/lost-0.png`,
    );
    const unvalidated = await train('unvalidated', { train: 'train', val: none });
    expect(unvalidated.code).toBe(1);
    expect(unvalidated.err).toContain('none/captions.jsonl: none of 3 pictures can be used');
    mkdirSync('texts');
    writeFileSync('texts/captions.jsonl', '{"text": "no picture"}\n');
    const texts = await train('texts-only', { train: 'train', val: 'texts' });
    expect(texts.code).toBe(1);
    expect(texts.err).toContain(
      '"data.val": texts/captions.jsonl names no image: there is nothing to validate on',
    );
    for (const { err } of [lost, unvalidated, texts]) expect(err).not.toContain('parameters');
  });

  it('validation says on how many pictures, and which it left out', async () => {
    const val = folderWith('val', [{ image: 'cut.png', text: 'a red disc' }]);
    // Begins as a picture, so that only decoding shows what it is.
    writeFileSync(`${val}/cut.png`, Buffer.from('\x89PNG\r\n\x1a\n\0\0', 'latin1'));
    const { code, err } = await train('validated', { train: 'train', val }, 2);
    expect(code).toBe(0);
    expect(err).toMatch(/validation: \d+\.\d % exact, word F1 \d\.\d\d, on 6 pictures/);
    expect(err).toContain('validation left out 1 picture:');
    expect(err).toContain('cut.png: this PNG picture cannot be decoded');
  });

  it('validation of nothing ends with 1, after the training', async () => {
    mkdirSync('cut');
    writeFileSync('cut/cut.png', Buffer.from('\x89PNG\r\n\x1a\n\0\0', 'latin1'));
    writeFileSync('cut/captions.jsonl', '{"image": "cut.png", "text": "a red disc"}\n');
    const { code, err } = await train('cut', { train: 'train', val: 'cut' }, 2);
    expect(code).toBe(1);
    expect(err).toContain('caption pictures with: simvlm caption PICTURE --checkpoint runs/cut');
    expect(err).toContain('nothing was evaluated: none of the 1 picture can be used; the first: ');
  });
});

/** What a terminal was told. */
function listener() {
  const lines: string[] = [];
  const stream = { write: (text: string) => lines.push(text) } as unknown as NodeJS.WriteStream;
  return { terminal: new Terminal(stream), lines };
}

/** What is asked of a model before it captions. */
const small = {
  config: { imageSize: 4, maxTextLength: 4, layers: 1, width: 4, tokens: {} },
  network: { imageTokens: 1 },
};

describe('progress', () => {
  const result = {
    step: 3,
    totalSteps: 3,
    seconds: 1,
    waited: 0.05,
    rows: 9,
    reason: 'steps' as const,
    spikes: { found: 0, skipped: 0, rollbacks: 0 },
  };
  const skipped: SkipReport = {
    count: 22,
    draws: 40,
    reasons: Array.from({ length: 20 }, (_, i) => `${i}.png: lost`),
  };

  it('at the end of training names only what was not named before, and the rest as a number', () => {
    const { terminal, lines } = listener();
    reportTraining(terminal, { ...result, skipped } as never, skipped.reasons.slice(0, 18));
    // Behind the table: steps and examples.
    expect(lines.slice(2).map(line => line.trim())).toEqual([
      expect.stringContaining('22 samples could not be used: 40 draws went to other samples'),
      '18.png: lost',
      '19.png: lost',
      'and 2 more',
    ]);
  });

  it('says what share of its time a training waits for data, from 5 % on, and what helps', () => {
    const { terminal, lines } = listener();
    const skipped = { count: 0, draws: 0, reasons: [] };
    reportTraining(terminal, { ...result, skipped } as never, []);
    expect(lines.join('')).not.toContain('wait');
    reportTraining(terminal, { ...result, skipped, waited: 0.123 } as never, []);
    expect(lines.join('')).toContain('waits     for data: 12.3 % of the time; raise "data.workers"');
    const live: string[] = [];
    const line = progressLine({ live: (text: string) => live.push(text) } as unknown as Terminal, undefined);
    for (const waited of [0, 18])
      line.onStep!({ ...result, loss: 1, learningRate: 1, rowsPerSecond: 1, waited } as never);
    expect(live[0]).not.toContain('wait');
    // 0.05 · 18 of 9 seconds, as the line is smoothed.
    expect(live[1]).toContain('waits for data: 10.0 %');
  });

  it('samples that cannot be captioned are said, and training goes on', async () => {
    const { terminal, lines } = listener();
    const unreadable = {
      length: 1,
      get: () => Promise.reject(new ImageError('IMAGE_UNREADABLE', 'a.png: lost')),
    };
    const callback = sampleCaptions(terminal, { model: small } as never, unreadable);
    await callback.onStep!({ seconds: 61 } as never);
    expect(lines.join('')).toContain('the first: a.png: lost');
  });
});

describe('what a terminal would obey', () => {
  const clear = '\x1b[2J';

  it('is escaped in notes, warnings, errors, headings and live lines; lines of our own stay lines', () => {
    const { terminal, lines } = listener();
    terminal.note(`a ${clear}\nb \u202E`);
    terminal.warn(clear);
    terminal.error(clear);
    terminal.heading(clear);
    terminal.live(`${clear}\n`);
    const text = lines.join('');
    expect(text).not.toContain(clear);
    expect(text).toContain('a \\u001b[2J\nb \\u202e\n');
    expect(count(text, /\\u001b\[2J/g)).toBe(5);
  });

  it.skipIf(process.platform === 'win32')(
    'is escaped in names of files and in captions, in results too',
    async () => {
      const name = `red${clear}\n.png`;
      cpSync('test/0.png', name);
      const { out, err } = await simvlm('caption', name, 'test/1.png', `lost${clear}.png`, ...checkpoint);
      expect(out).toContain('red\\u001b[2J\\n.png: ');
      expect(out.trim().split('\n')).toHaveLength(2);
      expect(err).toContain('lost\\u001b[2J.png: there is no such file');
      const json = await simvlm('caption', name, '--jsonl', ...checkpoint);
      expect(JSON.parse(json.out).image).toBe(name);
      const unknown = await simvlm(`eval${clear}`, 'x');
      for (const text of [out, err, json.out, unknown.err]) expect(text).not.toContain('\x1b[2J');
      expect(unknown.err).toContain('eval\\u001b[2J');
    },
  );

  it('is escaped in the samples that a training shows', async () => {
    const { terminal, lines } = listener();
    const pictures = arrayDataset([
      { id: 'a', text: `true${clear}\n`, image: { width: 4, height: 4, data: new Uint8Array(48) } },
    ]);
    const model = {
      ...small,
      generate: vi.fn(async () => [{ tokens: new Int32Array(1), logProb: -1 }]),
    };
    const tokenizer = { encode: () => new Int32Array(0), decode: () => `said${clear}` };
    await sampleCaptions(terminal, { model, tokenizer } as never, pictures).onStep!({
      seconds: 61,
    } as never);
    expect(lines.join('')).toContain('  true\\u001b[2J\\n → said\\u001b[2J\n');
  });
});
