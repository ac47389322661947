import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolveRunConfig, silent } from '@simvlm/run';
import { loadRunData, runRegistry } from '@simvlm/run/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawFolder, simvlm, smallConfig, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 120, 1);
  folder.write('base.json', smallConfig('train', { name: 'base', steps: 150 }));
  const { code, err } = await simvlm('train', 'base.json', '--backend', 'wasm');
  expect(code, err).toBe(0);
  // Pictures of one's own: what was a disc is called a cross here. Each picture stands twice, as one with several captions does.
  await drawFolder('mine', 60, 2);
  const lines = readFileSync('mine/captions.jsonl', 'utf8').trim().split('\n');
  const swapped = lines.map(line =>
    line.replace(/disc|cross/, shape => (shape === 'disc' ? 'cross' : 'disc')),
  );
  writeFileSync('mine/captions.jsonl', `${[...swapped, ...swapped].join('\n')}\n`);
});
afterAll(() => folder.leave());

const finetune = (...args: string[]) =>
  simvlm('finetune', 'mine', '--init', 'runs/base', '--backend', 'wasm', ...args);

it('says what it will do and what it takes, then shows captions before and after', async () => {
  const { code, err, out } = await finetune('--name', 'tuned');
  expect(code, err).toBe(0);
  expect(err).toMatch(/^model +runs\/base, with its tokenizer and image size$/m);
  expect(err).toMatch(
    /^pictures +108 to train on, varied as "none"; 12 to validate on, split off, with all their captions$/m,
  );
  expect(err).toMatch(
    /^training +102 steps of 32 pictures, all weights, learning rate 0\.0025 after a warm-up of 10\.0 %, cosine$/m,
  );
  expect(err).toContain('unknown letters (<unk>): 0 % of the caption tokens\n');
  expect(err).toMatch(/^expected +about .*, about [\d,]+ MiB of memory$/m);
  expect(err.indexOf('expected')).toBeLessThan(err.indexOf('Training into runs/tuned'));
  expect(out).toMatch(/^caption +before +after$/m);
  const [, past, now] = /word F1 (\d\.\d\d) before, (\d\.\d\d) after/.exec(err)!;
  expect(Number(now)).toBeGreaterThan(Number(past));
  expect(err).toContain('caption PICTURE --checkpoint runs/tuned');
  const caption = await simvlm('caption', 'mine/0.png', '--checkpoint', 'runs/tuned', '--backend', 'wasm');
  expect(caption.code).toBe(0);
});

it('the captions of a picture stay together: none that is validated on is trained on', async () => {
  const config = resolveRunConfig(JSON.parse(readFileSync('runs/tuned/config.json', 'utf8')));
  const options = { registry: await runRegistry(), reporter: silent };
  const { train, val } = await loadRunData(config, options);
  const trained: string[] = [];
  for await (const { key } of train[0]!.source.read()) trained.push(key.replace(/#2$/, ''));
  const validated = await Promise.all(
    Array.from({ length: val!.length }, async (_, i) => (await val!.get(i)).id.replace(/#2$/, '')),
  );
  expect(new Set(validated).size).toBe(6);
  expect(validated.filter(id => trained.includes(id))).toEqual([]);
});

it('what it makes is a configuration that a run goes on with', async () => {
  const args = ['train', 'runs/tuned/config.json', '--resume', 'runs/tuned', '--set', 'steps=103'];
  const { code, err } = await simvlm(...args, '--backend', 'wasm');
  expect(code, err).toBe(0);
});

it('with --lora the weights stay, with adapters beside them', async () => {
  const { code, err } = await finetune('--name', 'adapted', '--lora', '--set', 'steps=10', '--val', 'train');
  expect(code, err).toBe(0);
  expect(err).toContain('adapters of rank 8');
  expect(err).toContain('120 to validate on, of train');
  expect((await simvlm('lora', 'extract', 'runs/adapted', '--out', 'adapters')).code).toBe(0);
});

it.each([
  [['nowhere'], 1, 'nowhere: there is no such file or folder'],
  [['mine', '--init', 'runs/none'], 1, 'no checkpoint at runs/none'],
  [['mine', '--set', 'optimizer.learningrate=1'], 2, 'finetune: unknown key "optimizer.learningrate"'],
  [['mine', '--name', 'base'], 2, 'runs/base holds a run already'],
])('%j is refused with what to do', async (args, code, message) => {
  const init = args.includes('--init') ? [] : ['--init', 'runs/base'];
  const done = await simvlm('finetune', ...args, ...init, '--backend', 'wasm');
  expect(done.err).toContain(message);
  expect(done.code).toBe(code);
  expect(existsSync('runs/finetuned')).toBe(false);
});
