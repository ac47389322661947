import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawFolder, evaluated, simvlm, smallConfig, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
let trained: Awaited<ReturnType<typeof simvlm>>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 200, 1);
  await drawFolder('held-out', 60, 2);
  // A picture that is none: it must be skipped, counted and reported.
  writeFileSync('train/broken.png', 'no picture');
  const captions = readFileSync('train/captions.jsonl', 'utf8');
  writeFileSync('train/captions.jsonl', `${captions}{"image": "broken.png", "text": "a red disc"}\n`);
  folder.write(
    'config.json',
    smallConfig('train', { data: { train: 'train', val: 'held-out' }, steps: 200 }),
  );
  trained = await simvlm('train', 'config.json');
});
afterAll(() => folder.leave());

describe('train', () => {
  it('ends with 0, a checkpoint and a line of metrics a step', () => {
    expect(trained.code).toBe(0);
    expect(readdirSync('runs/shapes/checkpoints')).toEqual(['step-00000200']);
    const steps = readFileSync('runs/shapes/metrics.jsonl', 'utf8').trim().split('\n');
    expect(steps.map(line => JSON.parse(line).step)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });

  it('reports the picture that it could not read, behind the first hundred, with its path', () => {
    expect(trained.err).not.toContain('among the first');
    expect(trained.err).toContain('broken.png: this is not a picture');
    expect(trained.err).toMatch(/1 sample could not be used: \d+ draws went to other samples/);
  });

  it('never writes a new run over an old one', async () => {
    const { code, err } = await simvlm('train', 'config.json');
    expect(code).toBe(2);
    expect(err).toContain('runs/shapes holds a run already: go on with --resume runs/shapes');
  });

  it('prints what is reached on the validation folder', () => {
    expect(trained.err).toMatch(/validation: \d+\.\d % exact, word F1 \d\.\d\d/);
  });

  it('a resumed run equals the uninterrupted one', async () => {
    const config = { data: { train: 'train' }, steps: 30 };
    folder.write('whole.json', smallConfig('train', { ...config, name: 'whole' }));
    folder.write('first.json', smallConfig('train', { ...config, name: 'parts', steps: 30 }));
    await simvlm('train', 'whole.json');
    // Stopped by a signal after the first steps, as Ctrl-C does.
    const stopped = simvlm('train', 'first.json');
    const timer = setInterval(() => {
      try {
        if (readFileSync('runs/parts/metrics.jsonl', 'utf8') !== undefined) {
          clearInterval(timer);
          setTimeout(() => process.emit('SIGINT'), 150);
        }
      } catch {
        // Not there yet.
      }
    }, 5);
    const { code, err } = await stopped;
    if (code !== 0) {
      expect(code).toBe(130);
      expect(err).toContain('go on with: simvlm train first.json --resume');
      expect((await simvlm('train', 'first.json', '--resume', 'runs/parts')).code).toBe(0);
    }
    const losses = (name: string) =>
      readFileSync(`runs/${name}/metrics.jsonl`, 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).loss);
    expect(losses('parts')).toEqual(losses('whole'));
  });
});

describe('caption', () => {
  const checkpoint = ['--checkpoint', 'runs/shapes'];

  it('--jsonl prints id, image, text and logProb of each picture, in order', async () => {
    const { code, lines } = await simvlm(
      'caption',
      'held-out/3.png',
      'held-out/1.png',
      '--jsonl',
      ...checkpoint,
    );
    expect(code).toBe(0);
    const objects = lines.map(line => JSON.parse(line));
    expect(objects.map(({ id, image }) => [id, image])).toEqual([
      ['3', 'held-out/3.png'],
      ['1', 'held-out/1.png'],
    ]);
    for (const { text, logProb } of objects) {
      expect(text).toMatch(/^a (red|green|blue|black) (square|disc|cross)$/);
      expect(logProb).toBeLessThanOrEqual(0);
    }
  });

  it('one picture gives its caption alone', async () => {
    expect((await simvlm('caption', 'held-out/0.png', ...checkpoint)).out).toMatch(/^a \w+ \w+\n$/);
  });

  it('--prompt begins the caption', async () => {
    const { out } = await simvlm('caption', 'held-out/0.png', '--prompt', 'a blue', ...checkpoint);
    expect(out).toMatch(/^a blue /);
  });

  it('--beams and --captions give the best captions of each picture, best first', async () => {
    const args = [
      'caption',
      'held-out/0.png',
      'held-out/1.png',
      '--jsonl',
      '--length-penalty',
      '0',
      ...checkpoint,
    ];
    const { lines } = await simvlm(...args, '--beams', '3', '--captions', '3');
    const made = lines.map(line => JSON.parse(line));
    expect(made.map(({ id }) => id)).toEqual(['0', '0', '0', '1', '1', '1']);
    expect(new Set(made.slice(0, 3).map(({ text }) => text)).size).toBe(3);
    for (const i of [0, 1, 3, 4]) expect(made[i].logProb).toBeGreaterThanOrEqual(made[i + 1].logProb);
    const greedy = (await simvlm('caption', 'held-out/0.png', ...checkpoint)).out;
    expect((await simvlm('caption', 'held-out/0.png', '--beams', '1', ...checkpoint)).out).toBe(greedy);
  });

  it('samples are those of seed and picture, whatever other pictures there are', async () => {
    const sampling = ['--temperature', '3', '--top-k', '20', '--top-p', '0.95', '--captions', '4'];
    const sampled = async (seed: string, ...files: string[]) =>
      (await simvlm('caption', ...files, '--jsonl', ...sampling, '--seed', seed, ...checkpoint)).lines
        .map(line => JSON.parse(line))
        .filter(({ id }) => id === '0')
        .map(({ text }) => text);
    const alone = await sampled('1', 'held-out/0.png');
    expect(new Set(alone).size).toBeGreaterThan(1);
    expect(await sampled('1', 'held-out/2.png', 'held-out/1.png', 'held-out/0.png')).toEqual(alone);
    expect(await sampled('2', 'held-out/0.png')).not.toEqual(alone);
  });

  it('--max-length, --min-length, --no-repeat-ngram and --repetition-penalty hold', async () => {
    const captioned = async (...args: string[]) =>
      (await simvlm('caption', 'held-out/0.png', ...args, ...checkpoint)).out.trim();
    const whole = await captioned();
    expect(whole.startsWith(await captioned('--max-length', '1'))).toBe(true);
    expect((await captioned('--max-length', '1')).length).toBeLessThan(whole.length);
    const long = await captioned('--min-length', '8', '--no-repeat-ngram', '1');
    expect(long).not.toBe(whole);
    expect(await captioned('--repetition-penalty', '1')).toBe(whole);
    expect(await captioned('--repetition-penalty', '1000', '--min-length', '8')).not.toBe(whole);
    const { code, err } = await simvlm('caption', 'held-out/0.png', '--min-length', '9', ...checkpoint);
    expect(err).toContain('--min-length must be 0 to 8 (the model reads 8 tokens), got 9');
    expect(code).toBe(2);
  });

  it('captions what can be read, names what cannot, and ends with 1', async () => {
    const { code, lines, err } = await simvlm(
      'caption',
      'held-out/0.png',
      'none.png',
      'train/broken.png',
      ...checkpoint,
    );
    expect(code).toBe(1);
    expect(lines).toHaveLength(1);
    expect(err).toContain('cannot read none.png: there is no such file');
    expect(err).toContain('train/broken.png: this is not a picture');
  });
});

describe('eval', () => {
  it('--evaluator caption measures exact match and word F1, and writes predictions', async () => {
    const { code, out } = await simvlm(
      'eval',
      'held-out',
      '--checkpoint',
      'runs/shapes',
      '--json',
      '--predictions',
      'p.jsonl',
    );
    expect(code).toBe(0);
    const { exactMatch, count, skipped } = evaluated(out);
    expect(count).toBe(60);
    expect(skipped).toMatchObject({ count: 0 });
    expect(exactMatch).toBeGreaterThan(0.5);
    const predictions = readFileSync('p.jsonl', 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(Object.keys(predictions[0])).toEqual(['id', 'text', 'references', 'scores']);
  });

  it('--evaluator choice takes the candidates of nway.jsonl', async () => {
    const texts = ['a red square', 'a green square', 'a blue square', 'a black square'];
    const captions = readFileSync('held-out/captions.jsonl', 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    writeFileSync(
      'held-out/nway.jsonl',
      captions
        .map(({ image, text }) => ({
          id: image.replace('.png', ''),
          candidates: [text, ...texts.filter(other => other !== text).slice(0, 3)],
        }))
        .map(line => JSON.stringify(line))
        .join('\n'),
    );
    const { code, out } = await simvlm(
      'eval',
      'held-out',
      '--checkpoint',
      'runs/shapes',
      '--evaluator',
      'choice',
      '--json',
      '--predictions',
      'c.jsonl',
    );
    expect(code).toBe(0);
    const { accuracy, chance } = evaluated(out);
    expect(chance).toBeCloseTo(0.25, 10);
    expect(accuracy).toBeGreaterThan(0.7);
    const first = JSON.parse(readFileSync('c.jsonl', 'utf8').split('\n')[0]!);
    expect(first.scores).toHaveLength(4);
  });

  it('a bad line of nway.jsonl is named by file and number', async () => {
    await drawFolder('other', 5, 3);
    writeFileSync('other/nway.jsonl', '{"id": "0", "candidates": ["a", "b"]}\n{oops\n');
    const { code, err } = await simvlm('eval', 'other', '--evaluator', 'choice');
    expect(code).toBe(1);
    expect(err).toContain('other/nway.jsonl:2: not JSON');
  });

  it('a bad line of captions.jsonl is named by file and number, and left out', async () => {
    await drawFolder('bad', 2, 3);
    writeFileSync('bad/captions.jsonl', '{"image": "0.png", "text": "x"}\nnot json\n');
    const { code, out, err } = await simvlm('eval', 'bad', '--json');
    expect(code).toBe(0);
    expect(evaluated(out)).toMatchObject({ count: 1 });
    expect(err).toContain('1 sample was skipped:\n  bad/captions.jsonl:2: not JSON');
  });
});

describe('a checkpoint that cannot be used is refused with one line', () => {
  it('cut off', async () => {
    const weights = 'runs/shapes/checkpoints/step-00000200/weights.safetensors';
    const whole = readFileSync(weights);
    writeFileSync(weights, whole.subarray(0, 1000));
    const { code, err } = await simvlm('caption', 'held-out/0.png', '--checkpoint', 'runs/shapes');
    writeFileSync(weights, whole);
    expect(code).toBe(1);
    expect(err).toMatch(/weights\.safetensors has 1000 bytes instead of \d+: it is cut off/);
  });

  it('of another model', async () => {
    folder.write(
      'other.json',
      smallConfig('train', { model: { ...JSON.parse(modelOf('config.json')), mlp: 32 } }),
    );
    const { code, err } = await simvlm('train', 'other.json', '--resume', 'runs/shapes');
    expect(code).toBe(2);
    expect(err).toContain('was trained with another configuration: model.mlp 64 → 32');
  });
});

function modelOf(file: string): string {
  return JSON.stringify(JSON.parse(readFileSync(file, 'utf8')).model);
}
