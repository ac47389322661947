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

  test('is loaded by transformers, and says the same', async () => {
    await done('import', `${imported}/vit-gpt2`, '--out', 'model');
    const tuning = ['--set', 'steps=3', '--set', 'optimizer.learningRate=0.01'];
    await done('finetune', 'train', '--init', 'model', '--lora', '--name', 'tuned', ...tuning);
    await done('export', '--checkpoint', 'runs/tuned', '--out', 'back', '--format', 'hf');
    await done('export', '--checkpoint', 'model', '--out', 'untuned', '--format', 'hf');

    const { stdout } = await promisify(execFile)(activePython(), [
      ...[program, 'train/0.png', text],
      ...['back', 'untuned'],
    ]);
    const [theirs, before] = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    const ours = ['train/0.png', '--checkpoint', 'runs/tuned', '--jsonl'];
    const score = JSON.parse((await done('score', ...ours, '--text', text))[0]!);
    const caption = JSON.parse((await done('caption', ...ours, '--max-length', '12'))[0]!);

    expect(score.logProbs).toHaveLength(theirs.logProbs.length);
    for (const [i, value] of score.logProbs.entries())
      expect(Math.abs(value - theirs.logProbs[i])).toBeLessThan(1e-4);
    expect(caption.tokens).toEqual(theirs.tokens);
    // What was learnt is in it.
    expect(Math.abs(before.logProbs[0] - theirs.logProbs[0])).toBeGreaterThan(1e-3);
  });
});
