import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from 'vitest';
import { needs } from '../../../scripts/parts/needs';
import { activePython } from '../../../scripts/parts/python';
import { drawFolder, simvlm, workingFolder } from './fixture';

const { describe, test } = await needs('transformers');

const imported = fileURLToPath(new URL('../../pretrained/fixtures', import.meta.url));
const program = fileURLToPath(new URL('programs/ask_transformers.py', import.meta.url));
const text = 'the red ball';

describe('an imported model that was fine-tuned and given back', () => {
  let folder: ReturnType<typeof workingFolder>;
  beforeAll(async () => {
    folder = workingFolder();
    await drawFolder('train', 8, 1);
  });
  afterAll(() => folder.leave());

  async function done(...args: string[]): Promise<string[]> {
    const { code, lines, err } = await simvlm(...args);
    expect(code, err).toBe(0);
    return lines;
  }

  test('is loaded by transformers, and says the same: GIT, BLIP, ViT-GPT2', {
    timeout: 240_000,
  }, async () => {
    const names = ['git', 'blip', 'vit-gpt2'];
    const tuning = ['--set', 'steps=3', '--set', 'optimizer.learningRate=0.01'];
    for (const name of names) {
      await done('import', `${imported}/${name}`, '--out', name);
      await done('finetune', 'train', '--init', name, '--lora', '--name', `tuned-${name}`, ...tuning);
      await done('export', '--checkpoint', `runs/tuned-${name}`, '--out', `back/${name}`, '--format', 'hf');
      await done('export', '--checkpoint', name, '--out', `untuned/${name}`, '--format', 'hf');
    }
    const folders = names.flatMap(name => [`back/${name}`, `untuned/${name}`]);
    const { stdout } = await promisify(execFile)(activePython(), [program, 'train/0.png', text, ...folders]);
    const answers = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    for (const [i, name] of names.entries()) {
      const [theirs, before] = answers.slice(2 * i);
      const ours = ['train/0.png', '--checkpoint', `runs/tuned-${name}`, '--jsonl'];
      const score = JSON.parse((await done('score', ...ours, '--text', text))[0]!);
      const caption = JSON.parse((await done('caption', ...ours, '--max-length', '12', '--beams', '1'))[0]!);
      expect(score.logProbs, name).toHaveLength(theirs.logProbs.length);
      for (const [place, value] of score.logProbs.entries())
        expect(Math.abs(value - theirs.logProbs[place]), `${name}, token ${place}`).toBeLessThan(1e-4);
      expect(caption.tokens, name).toEqual(theirs.tokens);
      // What was learnt is in it.
      expect(Math.abs(before.logProbs[0] - theirs.logProbs[0]), name).toBeGreaterThan(1e-3);
    }
  });
});
