import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configs, filesOf } from '../../pretrained/test/small-folder';
import { drawFolder, simvlm, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeEach(async () => {
  folder = workingFolder();
  await drawFolder('mine', 8, 1);
});
afterEach(() => folder.leave());

const done = async (...args: string[]) => {
  const { code, err, out } = await simvlm(...args);
  expect(code, `${args.join(' ')}\n${err}`).toBe(0);
  return out;
};

test.each(['blip', 'vitGpt2'] as const)(
  '%s is imported, captions, is fine-tuned and handed back; what comes in again captions the same',
  async kind => {
    mkdirSync('theirs');
    for (const [name, bytes] of filesOf(configs[kind])) writeFileSync(`theirs/${name}`, bytes);
    await done('import', 'theirs', '--out', 'ours');
    const caption = (checkpoint: string) =>
      done('caption', 'mine/0.png', '--checkpoint', checkpoint, '--jsonl', '--backend', 'wasm');
    const before = JSON.parse(await caption('ours'));
    expect(before.logProb).toBeLessThan(0);

    const settings = ['steps=4', 'training.accumulate=1', 'optimizer.learningRate=1e-2'];
    const tuned = ['--init', 'ours', '--name', 'tuned', ...settings.flatMap(each => ['--set', each])];
    await done('finetune', 'mine', '--backend', 'wasm', ...tuned);
    const after = JSON.parse(await caption('runs/tuned'));
    expect(after.logProb).not.toBe(before.logProb);

    await done('export', '--checkpoint', 'runs/tuned', '--format', 'hf', '--out', 'back');
    expect(JSON.parse(readFileSync('back/config.json', 'utf8'))).toMatchObject({
      model_type: configs[kind].model_type,
    });
    await done('import', 'back', '--out', 'again');
    const again = JSON.parse(await caption('again'));
    expect(again.tokens).toEqual(after.tokens);
    expect(again.logProb).toBeCloseTo(after.logProb, 4);
  },
);
