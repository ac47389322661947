import { expect, test } from 'vitest';
import { DataError, ImageError } from './errors';
import { combinedSkips, joinReports, SkipLog } from './skip-log';

const empty = new DataError('CAPTION_EMPTY', 'the caption is empty');
const missing = (file: string) =>
  new ImageError('IMAGE_UNREADABLE', `${file}: there is no such file`, { file });

test('a sample counts once however often it is drawn, and its first reason is kept', () => {
  const log = new SkipLog();
  for (let draw = 0; draw < 40; draw++)
    log.add(draw % 4, new DataError('DATA_INVALID', `draw ${draw}`), `example ${draw % 4}`);
  expect(log.report()).toEqual({
    count: 4,
    draws: 40,
    reasons: [0, 1, 2, 3].map(i => `example ${i}: draw ${i}`),
  });
});

test('samples with the same reason are different samples; samples of the same file are one', () => {
  const log = new SkipLog();
  for (const sample of [0, 1]) log.add(sample, empty, `example ${sample}`);
  for (const sample of [2, 3, 4]) log.add(sample, missing('a.png'), `example ${sample}`);
  expect(log.report()).toEqual({
    count: 3,
    draws: 5,
    reasons: [
      'example 0: the caption is empty',
      'example 1: the caption is empty',
      'a.png: there is no such file',
    ],
  });
});

test('beyond twenty reasons samples are counted', () => {
  const log = new SkipLog();
  for (let i = 0; i < 25; i++) log.add(i, missing(`${i}.png`));
  expect(log.report()).toMatchObject({ count: 25, draws: 25 });
  expect(log.report().reasons).toHaveLength(20);
});

test('an error that is not about the sample is thrown again, and nothing is noted', () => {
  const log = new SkipLog();
  expect(() => log.add(0, new TypeError('decode is not a function'))).toThrow(TypeError);
  expect(log.report()).toEqual({ count: 0, draws: 0, reasons: [] });
});

test('a restored log goes on as the first one, through JSON', () => {
  const [first, second] = [new SkipLog(), new SkipLog()];
  for (let i = 0; i < 23; i++) first.add(i, missing(`${i}.png`));
  second.restore(JSON.parse(JSON.stringify(first.state())));
  for (const log of [first, second]) for (const i of [3, 40, 22, 40]) log.add(i, missing(`${i}.png`));
  expect(second.report()).toEqual(first.report());
  expect(second.report()).toMatchObject({ count: 24, draws: 27 });
});

test('a log goes on from several: what they share counts once, and every draw', () => {
  const logs = [new SkipLog(), new SkipLog()];
  logs[0]!.add(0, missing('a.png'));
  logs[0]!.add(1, missing('b.png'));
  logs[1]!.add(7, missing('b.png'));
  const joined = new SkipLog();
  joined.restore(...logs.map(log => log.state()));
  expect(joined.report()).toMatchObject({ count: 2, draws: 3 });
  expect(joinReports(logs.map(log => log.report()))).toMatchObject({ count: 3, draws: 3 });
});

test('a state that was handed out does not change afterwards', () => {
  const log = new SkipLog();
  log.add(1, empty);
  const kept = log.state();
  const before = JSON.stringify(kept);
  log.add(2, empty);
  expect(JSON.stringify(kept)).toBe(before);
});

test.each([
  undefined,
  null,
  3,
  {},
  { draws: 1, samples: [1], reasons: [] },
  { draws: 'x', samples: [], reasons: [] },
])('what is not a state is refused: %j', state => {
  expect(() => new SkipLog().restore(state as never)).toThrow(DataError);
});

test('processes that came upon the same sample have lost it once', () => {
  const logs = [new SkipLog(), new SkipLog(), new SkipLog()] as const;
  logs[0].add(1, missing('a.png'));
  logs[0].add(2, empty, 'example 2');
  for (const file of ['a.png', 'b.png', 'b.png']) logs[1].add(file, missing(file));
  expect(combinedSkips(logs.map(log => log.report()))).toEqual({
    count: 3,
    draws: 5,
    reasons: [
      'a.png: there is no such file',
      'example 2: the caption is empty',
      'b.png: there is no such file',
    ],
  });
  const many = [new SkipLog(), new SkipLog()] as const;
  for (let i = 0; i < 60; i++) many[i % 2]!.add(i, missing(`${i}.png`));
  expect(combinedSkips(many.map(log => log.report()))).toMatchObject({ count: 60, draws: 60 });
  expect(combinedSkips(many.map(log => log.report())).reasons).toHaveLength(20);
});
