import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { drawFolder, evaluated, simvlm, smallConfig, workingFolder } from './fixture';

const seeds = [1, 2, 3];
const runs = seeds.flatMap(seed => ['--checkpoint', `runs/seed-${seed}`]);
const wasm = ['--backend', 'wasm'];
const choice = '{"kind": "choice", "choices": 4}';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 60, 1);
  await drawFolder('dev', 30, 2);
  await drawFolder('test', 10, 3);
  folder.write('config.json', smallConfig('train', { steps: 40 }));
  for (const seed of seeds) {
    const change = ['--set', `name=seed-${seed}`, '--set', `seed=${seed}`];
    const { code, err } = await simvlm('train', 'config.json', ...change, ...wasm);
    expect(code, err).toBe(0);
  }
});
afterAll(() => folder.leave());

describe('the table', () => {
  it('of one evaluation is its numbers, one below the other, with their intervals', async () => {
    const { out, err, code } = await simvlm('eval', 'dev', '--checkpoint', 'runs/seed-1', ...wasm);
    expect(code, err).toBe(0);
    expect(out).toMatch(
      /^exactMatch +\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]\nwordF1 +\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]\ncount +30\n$/,
    );
    expect(err).toContain('[low, high]: 95 % interval over the examples, by bootstrap');
    const without = await simvlm('eval', 'dev', '--no-intervals', '--checkpoint', 'runs/seed-1', ...wasm);
    expect(without.out).toMatch(/^exactMatch +\d\.\d{3}\nwordF1 +\d\.\d{3}\ncount +30\n$/);
  });

  it('has runs that differ in their seed as one row, with the mean', async () => {
    const all = await simvlm('eval', 'dev', ...runs, '--checkpoint', 'emoji', ...wasm);
    expect(all.code, all.err).toBe(0);
    const [head, first, second] = all.lines;
    expect(head).toMatch(/^ +exactMatch +wordF1 +count$/);
    expect(first).toMatch(/^runs\/seed-1 \(3 seeds\) +\d\.\d{3} ± \d\.\d{3} +\d\.\d{3} ± \d\.\d{3} +30$/);
    expect(second).toMatch(/^emoji +\d\.\d{3} \[/);
    expect(all.err).toContain("±: 95 % interval of the mean over seeds, by Student's t");
  });
});

describe('--json and --out', () => {
  it('hold everything, and are the same', async () => {
    const args = ['eval', 'dev', ...runs, '--evaluator', choice, '--seeds', '4,5', ...wasm];
    const { out, code, err } = await simvlm(...args, '--json', '--out', 'all.json');
    expect(code, err).toBe(0);
    expect(readFileSync('all.json', 'utf8')).toBe(out);
    const { command, sources, results, summary, backend, test: isTest } = JSON.parse(out);
    expect(command).toEqual(['simvlm', ...args, '--json', '--out', 'all.json']);
    expect(backend.name).toBe('wasm');
    expect(isTest).toBe(false);
    expect(sources).toMatchObject([{ name: 'dev', identity: expect.stringMatching(/./) }]);
    expect(
      results.map((each: Record<string, unknown>) => [each.checkpoint, each.trainingSeed, each.seed]),
    ).toEqual(seeds.flatMap(seed => [4, 5].map(drawn => [`runs/seed-${seed}`, seed, drawn])));
    expect(summary).toMatchObject([{ model: 'runs/seed-1 (3 seeds)', runs: 6 }]);
    const values = results.map(({ metrics }: { metrics: { accuracy: number } }) => metrics.accuracy);
    expect(summary[0].metrics.accuracy.values).toEqual(values);
  });
});

describe('--predictions', () => {
  const read = (file: string) =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));

  it('of several evaluations are files of a folder, named by what tells them apart', async () => {
    const evaluators = ['--evaluator', 'caption', '--evaluator', choice];
    const { code, err } = await simvlm(
      'eval',
      'dev',
      ...runs,
      ...evaluators,
      '--predictions',
      'said',
      ...wasm,
    );
    expect(code, err).toBe(0);
    expect(readdirSync('said').sort()).toEqual(
      seeds.flatMap(seed => ['caption', 'choice'].map(name => `runs-seed-${seed}.${name}.jsonl`)),
    );
    expect(read('said/runs-seed-1.choice.jsonl')[0].candidates).toHaveLength(4);
  });

  it('give simvlm metrics the numbers of the evaluator', async () => {
    const args = ['eval', 'dev', '--checkpoint', 'runs/seed-1', '--evaluator', 'coco', ...wasm];
    const coco = await simvlm(...args, '--json', '--predictions', 'coco.jsonl');
    expect(coco.code, coco.err).toBe(0);
    const here = evaluated(coco.out);
    const { out } = await simvlm('metrics', 'captions', 'coco.jsonl', '--json', '--intervals');
    const there = JSON.parse(out);
    for (const name of ['bleu1', 'bleu2', 'bleu3', 'bleu4', 'rougeL', 'ciderD']) {
      expect(here[name], name).toBe(there[name]);
      expect((here.intervals as Record<string, object>)[name], name).toEqual(there.intervals[name]);
      expect((here.signatures as Record<string, string>)[name], name).toBe(there.signatures[name]);
    }
  });

  it('that no evaluator has are said to be missing, beside the numbers', async () => {
    folder.write(
      'count.mjs',
      `export default {
        name: 'count',
        setup: registry => registry.register('evaluator', 'count', async (_, data) => ({ metrics: { count: data.length } })),
      };`,
    );
    const args = ['--plugin', './count.mjs', '--evaluator', 'count', '--predictions', 'none.jsonl'];
    const { code, out, err } = await simvlm('eval', 'dev', '--checkpoint', 'runs/seed-1', ...args, ...wasm);
    expect(out).toBe('count  30\n');
    expect(err).toContain('--predictions: count says nothing of single examples: nothing was written');
    expect(code).toBe(2);
    expect(existsSync('none.jsonl')).toBe(false);
  });
});

describe('a test split', () => {
  test.each([
    [['test'], 'test holds the test split "test", which is read only with --test'],
    [['dev', '--split', 'test'], 'dev test holds the test split "test"'],
    [['{"path": "test"}'], 'test holds the test split "test"'],
    [['emoji', '--split', 'unseen-artist'], 'emoji: "unseen-artist" is a test split'],
    [['{"source": "emoji", "split": "unseenArtist"}'], 'emoji unseenArtist holds the test split'],
  ])('%j is refused without --test', async (args, message) => {
    const { code, out, err } = await simvlm('eval', ...args, '--checkpoint', 'runs/seed-1', ...wasm);
    expect(err).toContain(message);
    expect([code, out]).toEqual([2, '']);
  });

  it('is read with --test', async () => {
    const args = ['eval', 'test', '--test', '--json', '--checkpoint', 'runs/seed-1'];
    const { code, out, err } = await simvlm(...args, ...wasm);
    expect(code, err).toBe(0);
    expect(evaluated(out).count).toBe(10);
    expect(JSON.parse(out).test).toBe(true);
  });

  it('chooses no checkpoint: as validation data of a run it is refused', async () => {
    const change = ['--set', 'name=chosen', '--set', 'data={"train":"train","val":"test"}'];
    const { code, err } = await simvlm('train', 'config.json', ...change, ...wasm);
    expect(err).toContain('"data.val" holds the test split "test"');
    expect(code).toBe(2);
  });
});

describe('what goes wrong', () => {
  test.each([
    [['dev', '--evaluator', 'labels-of-what'], 'no evaluator "labels-of-what"', 2],
    [['dev', '--evaluator', '{"type": "coco"}'], '--evaluator: give a name, or {"kind": NAME, …}', 2],
    [['dev', '--evaluator', '{"kind": "coco", "limt": 3}'], 'evaluator coco: unknown key "limt"', 2],
    [['dev', '--task', 'clasify'], 'no task "clasify"', 2],
    [
      ['dev', '--task', 'classify'],
      'was trained for the task pretrain, and has not what the task classify',
      2,
    ],
    [['dev', '--seeds', '1,x'], 'give a whole number, 0 or more', 2],
    [['dev', '--seeds', '1,1'], 'give each seed once', 2],
    [['dev', '--seeds', '1,2'], 'seeds are for evaluators that draw, such as choice', 2],
    [['dev', '--checkpoint', 'runs/seed-1'], '--checkpoint runs/seed-1 is given twice', 2],
    [['{"path": "dev", "splitt": "val"}'], 'source: unknown key "splitt"; allowed: path, format', 2],
    [['{"source": "emojis"}'], 'no source "emojis"', 2],
    [['{oops}'], 'source: not JSON', 2],
    [['{"source": "emoji", "split": "val"}', '--images', 'x'], '--images is for a file or a folder', 2],
    [['emoji', 'dev'], 'emoji does not go with other data', 2],
    [['emoji', '--split', 'valid'], 'emoji has no split "valid" to evaluate on; there are val, ', 2],
    [['emoji', '--evaluator', 'chioce'], 'no evaluator "chioce"', 2],
    [['dev', '--out', 'none/all.json'], 'cannot write none/all.json: there is no folder none', 1],
    [['dev', '--checkpoint', 'runs/seed-9'], 'no checkpoint at runs/seed-9', 1],
  ])('%j', async (args, message, code) => {
    const run = await simvlm('eval', ...args, '--checkpoint', 'runs/seed-1', ...wasm);
    expect(run.err).toContain(message);
    expect([run.code, run.out]).toEqual([code, '']);
  });
});

describe('classifiers', () => {
  const lines = (folder: string) =>
    readFileSync(`${folder}/captions.jsonl`, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
  const label = (folder: string, of: (colour: string) => string) => {
    const labelled = lines(folder).map(each => ({ ...each, label: of(each.text.split(' ')[1]) }));
    writeFileSync(`${folder}/captions.jsonl`, labelled.map(each => JSON.stringify(each)).join('\n'));
  };

  beforeAll(async () => {
    for (const [name, of] of [
      ['four', (colour: string) => colour],
      ['two', (colour: string) => (colour === 'red' ? 'red' : 'other')],
    ] as const) {
      label('train', of);
      folder.write(
        `${name}.json`,
        smallConfig('train', { ...{ name, steps: 60 }, task: { kind: 'classify' } }),
      );
      expect((await simvlm('train', `${name}.json`, ...wasm)).code).toBe(0);
    }
  });
  const both = ['--checkpoint', 'runs/four', '--checkpoint', 'runs/two'];

  it('are evaluated one after the other, each with its own head and labels', async () => {
    await drawFolder('reds', 60, 5);
    label('reds', colour => colour);
    const reds = lines('reds').filter(each => each.label === 'red');
    writeFileSync('reds/captions.jsonl', reds.map(each => JSON.stringify(each)).join('\n'));
    const { out, code, err } = await simvlm(
      'eval',
      'reds',
      ...both,
      '--json',
      '--predictions',
      'heads',
      ...wasm,
    );
    expect(code, err).toBe(0);
    const { results } = JSON.parse(out);
    expect(results.map(({ metrics }: { metrics: { count: number } }) => metrics.count)).toEqual([
      reds.length,
      reds.length,
    ]);
    const said = (name: string) =>
      readFileSync(`heads/runs-${name}.jsonl`, 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).text);
    const four = new Set(['red', 'green', 'blue', 'black']);
    expect(said('four').every(text => four.has(text))).toBe(true);
    expect(said('two').every(text => text === 'red' || text === 'other')).toBe(true);
  });

  it('that know none of the labels give no table, not even of the others', async () => {
    await drawFolder('odd', 4, 6);
    label('odd', () => 'green');
    const { out, code, err } = await simvlm('eval', 'odd', ...both, ...wasm);
    expect(err).toMatch(/nothing was evaluated: .* has the label "green", which is none of the 2/);
    expect([code, out]).toEqual([1, '']);
  });
});
