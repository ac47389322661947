import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
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
const question = 'what color is the ball?';
const tuning = ['--set', 'steps=3', '--set', 'optimizer.learningRate=0.01'];

describe('an imported model that was fine-tuned and given back', { timeout: 240_000 }, () => {
  let folder: ReturnType<typeof workingFolder>;
  beforeAll(async () => {
    folder = workingFolder();
    await drawFolder('train', 8, 1);
    await drawFolder('asked', 8, 1);
    const lines = readFileSync('asked/captions.jsonl', 'utf8').trim().split('\n');
    const asked = lines.map(line => {
      const { image, text: answer } = JSON.parse(line);
      return JSON.stringify({ image, question, answer });
    });
    writeFileSync('asked/captions.jsonl', `${asked.join('\n')}\n`);
  });
  afterAll(() => folder.leave());

  async function done(...args: string[]): Promise<string[]> {
    const { code, lines, err } = await simvlm(...args);
    expect(code, err).toBe(0);
    return lines;
  }

  /** Imports, fine-tunes and gives back, so that folders `back/NAME` and `untuned/NAME` are there. */
  async function givenBack(name: string, data: string, ...options: string[]): Promise<void> {
    await done('import', `${imported}/${name}`, '--out', name);
    await done('finetune', data, '--init', name, '--name', `tuned-${name}`, ...tuning, ...options);
    await done('export', '--checkpoint', `runs/tuned-${name}`, '--out', `back/${name}`, '--format', 'hf');
    await done('export', '--checkpoint', name, '--out', `untuned/${name}`, '--format', 'hf');
  }

  /** Ours and theirs agree on the text, and on what is written. */
  async function expectSame(names: readonly string[], write: readonly string[]): Promise<void> {
    const folders = names.flatMap(name => [`back/${name}`, `untuned/${name}`]);
    const asked = [program, 'train/0.png', question, text, ...folders];
    const { stdout } = await promisify(execFile)(activePython(), asked);
    const answers = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    const [command, ...about] = write;
    for (const [i, name] of names.entries()) {
      const [theirs, before] = answers.slice(2 * i);
      const ours = ['train/0.png', '--checkpoint', `runs/tuned-${name}`, '--jsonl', ...about];
      const score = JSON.parse((await done('score', ...ours, '--text', text))[0]!);
      const made = JSON.parse((await done(command!, ...ours, '--max-length', '12', '--beams', '1'))[0]!);
      expect(score.logProbs, name).toHaveLength(theirs.logProbs.length);
      for (const [place, value] of score.logProbs.entries())
        expect(Math.abs(value - theirs.logProbs[place]), `${name}, token ${place}`).toBeLessThan(1e-4);
      expect(made.tokens, name).toEqual(theirs.tokens);
      // What was learnt is in it.
      expect(Math.abs(before.logProbs[0] - theirs.logProbs[0]), name).toBeGreaterThan(1e-3);
    }
  }

  test('is loaded by transformers, and says the same: GIT, BLIP, ViT-GPT2', async () => {
    const names = ['git', 'blip', 'vit-gpt2'];
    for (const name of names) await givenBack(name, 'train', '--lora');
    await expectSame(names, ['caption']);
  });

  test('answers as transformers has it answer, all of its weights trained: BLIP for questions', async () => {
    await givenBack('blip-vqa', 'asked');
    await expectSame(['blip-vqa'], ['answer', '--question', question]);
  });
});
