import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cocoFolder, snippetAfter } from './coco-folder';
import { evaluated, simvlm, smallConfig, workingFolder } from './fixture';

const docs = fileURLToPath(new URL('../../../docs/data.md', import.meta.url));
const data = snippetAfter(docs, 'A COCO folder in four lines');

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await cocoFolder('coco', 'train2017', 120, 1);
  await cocoFolder('coco', 'val2017', 20, 2);
});
afterAll(() => folder.leave());

const losses = (name: string) =>
  readFileSync(`runs/${name}/metrics.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .map(line => (JSON.parse(line) as { loss: number }).loss);

it('the four lines of the docs train on a COCO folder, and a run that was stopped goes on exactly', async () => {
  expect(JSON.stringify(data, null, 2).split('\n').length).toBeLessThanOrEqual(10);
  const write = (name: string) =>
    folder.write(
      `${name}.json`,
      smallConfig('', { name, data, steps: 40, objective: { kind: 'captioning' } }),
    );
  write('whole');
  const whole = await simvlm('train', 'whole.json', '--backend', 'wasm');
  expect(whole.code, whole.err).toBe(0);
  const [, f1] = /validation: .*, word F1 (\d\.\d\d), on 20 pictures/.exec(whole.err)!;
  expect(Number(f1)).toBeGreaterThan(0.6);

  write('parts');
  const saves = ['--set', 'checkpoints.steps=15'];
  const first = await simvlm('train', 'parts.json', '--backend', 'wasm', ...saves);
  expect(first.code, first.err).toBe(0);
  const again = ['--resume', 'runs/parts/checkpoints/step-00000030', '--set', 'data.workers=2'];
  const second = await simvlm('train', 'parts.json', '--backend', 'wasm', ...again);
  expect(second.code, second.err).toBe(0);
  expect(losses('parts')).toEqual(losses('whole'));
});

it('fine-tunes on the same files, by the words of the command line', async () => {
  const words = ['coco/annotations/captions_val2017.json', '--images', 'coco/val2017', '--format', 'coco'];
  const options = ['--init', 'runs/whole', '--name', 'tuned', '--set', 'steps=2', '--backend', 'wasm'];
  const { code, err } = await simvlm('finetune', ...words, ...options);
  expect(code, err).toBe(0);
  expect(err).toMatch(/^pictures +18 to train on, varied as "none"; 2 to validate on, split off/m);
  const wrong = await simvlm('finetune', ...words, '--format', 'cocoa');
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain('--format is webdataset, parquet');
});

it('is evaluated as the field does: every caption of a picture is a reference', async () => {
  const words = ['coco/annotations/captions_val2017.json', '--images', 'coco/val2017', '--format', 'coco'];
  const model = ['--checkpoint', 'runs/whole', '--backend', 'wasm'];
  const coco = await simvlm('eval', ...words, ...model, '--evaluator', 'coco', '--json');
  expect(coco.code, coco.err).toBe(0);
  const inOneGo = evaluated(coco.out);
  expect(inOneGo).toMatchObject({ evaluator: 'coco', count: 20 });

  const caption = await simvlm('eval', ...words, ...model, '--predictions', 'predictions.jsonl', '--json');
  expect(caption.code, caption.err).toBe(0);
  const [first] = readFileSync('predictions.jsonl', 'utf8').split('\n');
  expect(JSON.parse(first!).references).toEqual([expect.any(String), expect.stringMatching(/^there is /)]);
  const { out } = await simvlm('metrics', 'captions', 'predictions.jsonl', '--json');
  const afterwards = JSON.parse(out);
  for (const name of ['bleu4', 'rougeL', 'ciderD']) expect(afterwards[name], name).toBe(inOneGo[name]);
});
