import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readSafetensors } from '@simvlm/checkpoint';
import { squareImage } from '@simvlm/image';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawFolder, evaluated, simvlm, workingFolder } from './fixture';
import { importedCheckpoint } from './imported';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('mine', 40, 1);
  await importedCheckpoint('git', 'git');
});
afterAll(() => folder.leave());

const wasm = ['--backend', 'wasm'];
const git = ['--checkpoint', 'git', ...wasm];

describe('a captioner that was imported, which has no run', () => {
  it('captions, as long as its makers have it write', async () => {
    const { code, lines, err } = await simvlm('caption', 'mine/0.png', '--jsonl', ...git);
    expect(code, err).toBe(0);
    const { tokens, logProb } = JSON.parse(lines[0]!);
    expect(logProb).toBeLessThan(0);
    expect(tokens.length).toBeLessThanOrEqual(6);
  });

  it('sees the picture as its configuration says, and not as ours do', async () => {
    const wide = await sharp('mine/1.png').resize(48, 16, { fit: 'fill' }).removeAlpha().raw().toBuffer();
    const image = { width: 48, height: 16, data: new Uint8Array(wide) };
    await sharp(wide, { raw: { width: 48, height: 16, channels: 3 } })
      .png()
      .toFile('wide.png');
    const square = squareImage(image, { size: 16, fit: 'squash', filter: 'bicubic' });
    await sharp(square.data, { raw: { width: 16, height: 16, channels: 3 } })
      .png()
      .toFile('square.png');
    const logProbs = async (file: string) =>
      JSON.parse((await simvlm('caption', file, '--jsonl', ...git)).out).logProb;
    expect(await logProbs('wide.png')).toBe(await logProbs('square.png'));
  });

  it.each([[[]], [['--evaluator', '{"kind": "choice", "choices": 4}']]])(
    'is evaluated with %j',
    async more => {
      const { code, err, out } = await simvlm('eval', 'mine', '--json', ...git, ...more);
      expect(code, err).toBe(0);
      expect(evaluated(out)).toMatchObject({ count: 40 });
    },
  );

  it('is exported with where it came from', async () => {
    expect((await simvlm('export', '--checkpoint', 'git', '--out', 'exported')).code).toBe(0);
    expect(existsSync('exported/run.json')).toBe(false);
    expect(readFileSync('exported/source.json')).toEqual(readFileSync('git/source.json'));
  });

  it('has no run to go on with, and says what to do instead', async () => {
    await simvlm('finetune', 'mine', '--init', 'git', '--name', 'goes-on', '--set', 'steps=1', ...wasm);
    const { code, err } = await simvlm('train', 'runs/goes-on/config.json', '--resume', 'git', ...wasm);
    expect(code).toBe(1);
    expect(err).toContain('git has no run.json, as it was imported and not trained here');
    expect(err).toContain('--init git');
  });
});

describe('fine-tuned', () => {
  it('it learns, and is a checkpoint that says where it came from and reads pictures as before', async () => {
    const args = [
      'finetune',
      'mine',
      '--init',
      'git',
      '--name',
      'tuned',
      '--set',
      'steps=80',
      '--set',
      'training.accumulate=1',
    ];
    const { code, err } = await simvlm(...args, '--set', 'optimizer.learningRate=5e-3', ...wasm);
    expect(code, err).toBe(0);
    expect(err).toMatch(/^training +80 steps of 8 pictures/m);
    const [, past, now] = /word F1 (\d\.\d\d) before, (\d\.\d\d) after/.exec(err)!;
    expect(Number(now)).toBeGreaterThan(Number(past));
    const { out } = await simvlm('caption', 'mine/0.png', '--checkpoint', 'runs/tuned', ...wasm);
    expect(out).toMatch(/^a \w+ \w+\n$/);
    await simvlm('export', '--checkpoint', 'runs/tuned', '--out', 'tuned');
    await expectSameScore('mine/0.png', 'runs/tuned');
    expect(readFileSync('tuned/source.json')).toEqual(readFileSync('git/source.json'));
    const before = JSON.parse(readFileSync('git/model.json', 'utf8'));
    expect(JSON.parse(readFileSync('tuned/model.json', 'utf8'))).toEqual(before);
  });

  it('it goes on exactly from its own checkpoint', async () => {
    const args = ['train', 'runs/tuned/config.json', '--resume', 'runs/tuned', '--set', 'steps=82'];
    const { code, err } = await simvlm(...args, ...wasm);
    expect(code, err).toBe(0);
  });

  it('adapters alone are trained with --lora, and merge into weights of the first kind', async () => {
    const args = ['finetune', 'mine', '--init', 'git', '--name', 'adapted', '--lora', '--set', 'steps=3'];
    const { code, err } = await simvlm(...args, ...wasm);
    expect(code, err).toBe(0);
    expect(err).toContain('adapters of rank 8, learning rate 0.0001');
    expect((await simvlm('lora', 'merge', 'runs/adapted', '--out', 'merged')).code).toBe(0);
    expect(readFileSync('merged/source.json')).toEqual(readFileSync('git/source.json'));
    expect((await simvlm('caption', 'mine/0.png', '--checkpoint', 'merged', ...wasm)).code).toBe(0);
  });

  it('a part that is frozen stays as it is, to the bit, and the others learn', async () => {
    const more = ['--freeze', 'vision', '--set', 'steps=2', '--set', 'training.accumulate=1'];
    const args = ['finetune', 'mine', '--init', 'git', '--name', 'frozen', ...more];
    const { code, err } = await simvlm(...args, ...wasm);
    expect(code, err).toBe(0);
    expect(err).toMatch(/^training .* all weights but patcher\.\w+/m);
    await simvlm('export', '--checkpoint', 'runs/frozen', '--out', 'frozen');
    const [before, after] = ['git', 'frozen'].map(
      name => readSafetensors(readFileSync(`${name}/weights.safetensors`)).tensors,
    );
    const changed = [...before!.keys()].filter(
      name => `${before!.get(name)!.values}` !== `${after!.get(name)!.values}`,
    );
    expect(changed.filter(name => name.startsWith('patcher.')).map(name => name.slice(0, 11))).toEqual(
      Array(4).fill('patcher.out'),
    );
    expect(changed).toContain('decoder.0.self.query.weight');
  });

  it('of a frozen part no adapter is made', async () => {
    const args = ['finetune', 'mine', '--init', 'git', '--name', 'half', '--lora', '--freeze', 'vision'];
    const { code, err } = await simvlm(...args, '--set', 'steps=1', ...wasm);
    expect(code, err).toBe(0);
    const { lora } = JSON.parse(readFileSync('runs/half/config.json', 'utf8'));
    expect(lora.targets).toEqual(['decoder.*.query', 'decoder.*.value']);
  });

  it('as a classifier, it says in the words of the task what it cannot do', async () => {
    await drawFolder('labelled', 12, 1);
    const file = 'labelled/captions.jsonl';
    const given = readFileSync(file, 'utf8').trim().split('\n');
    const labelled = given.map(each => {
      const line = JSON.parse(each);
      return JSON.stringify({ ...line, label: line.text.split(' ')[1] });
    });
    writeFileSync(file, labelled.join('\n'));
    const args = ['finetune', 'labelled', '--init', 'git', '--name', 'classes', '--set', 'steps=1'];
    const { code, err } = await simvlm(...args, '--set', 'task.kind=classify', ...wasm);
    expect(code, err).toBe(0);
    const made = ['--checkpoint', 'runs/classes', '--out', 'no'];
    for (const refused of [
      ['export', ...made, '--format', 'hf'],
      ['export', ...made, '--weights', 'int8'],
      ['finetune', 'mine', '--init', 'runs/classes', '--name', 'no', ...wasm],
      ['finetune', 'mine', '--init', 'runs/classes', '--name', 'no', '--freeze', 'vision', ...wasm],
    ]) {
      const { code, err } = await simvlm(...refused);
      expect(err).toContain('is of a classifier, which gives labels and no captions');
      expect(err).not.toContain('What will be done');
      expect(code).toBe(1);
    }
    expect([existsSync('no'), existsSync('runs/no')]).toEqual([false, false]);
  });

  it.each([
    [
      ['--freeze', 'visoin'],
      '--freeze "visoin": this model has no such part and no such parameter; give vision,',
    ],
    [['--freeze', ''], '--freeze "": this model has no such part'],
    [['--lora', '--freeze', '*'], '--freeze leaves no attention that --lora could adapt'],
  ])('%j is refused in one line', async (more, message) => {
    const { code, err } = await simvlm('finetune', 'mine', '--init', 'git', '--name', 'no', ...more, ...wasm);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});

/** What a model writes by itself, it finds as likely when it is given to it, end included. */
async function expectSameScore(picture: string, checkpoint: string): Promise<void> {
  const model = ['--jsonl', '--checkpoint', checkpoint, ...wasm];
  const written = JSON.parse((await simvlm('caption', picture, ...model)).out);
  const scored = JSON.parse((await simvlm('score', picture, '--text', written.text, ...model)).out);
  expect(scored.tokens).toEqual(written.tokens);
  expect(scored.logProb).toBeCloseTo(written.logProb, 4);
  expect(scored.logProbs).toHaveLength(written.tokens.length);
  writeFileSync('line.txt', `${written.text}\n`);
  const { out } = await simvlm('tokenizer', 'encode', '--model', checkpoint, 'line.txt');
  expect(out.trim().split(' ').map(Number)).toEqual(scored.tokens.slice(0, -1));
}
