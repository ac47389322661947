import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawFolder, evaluated, simvlm, workingFolder } from './fixture';
import { importedCheckpoint } from './imported';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('mine', 12, 1);
  await importedCheckpoint('git', 'git');
  await importedCheckpoint('vqa', 'blipVqa');
});
afterAll(() => folder.leave());

const [git, vqa] = ['git', 'vqa'].map(name => ['--checkpoint', name, '--backend', 'wasm', '--jsonl']) as [
  string[],
  string[],
];

/** Of random weights a text may begin in the middle of a word. */
const letters = (text: string) => text.replaceAll(/[# ]/g, '');

async function lines(...args: string[]) {
  const { code, err, lines } = await simvlm(...args);
  expect(code, err).toBe(0);
  return lines.map(line => JSON.parse(line));
}

/** A question on each picture, with right answers. */
function writeQuestions(): void {
  const lines = Array.from({ length: 12 }, (_, i) => ({
    ...{ image: `${i}.png`, text: 'a picture' },
    ...{ question: 'what colour is it', answers: ['red', 'a red one'] },
  }));
  writeFileSync('mine/captions.jsonl', lines.map(line => `${JSON.stringify(line)}\n`).join(''));
}

describe('answer', () => {
  it('gives the question to GIT as the beginning of its text, and prints what follows alone', async () => {
    const pictures = ['mine/0.png', 'mine/1.png'];
    const answers = await lines('answer', ...pictures, '--question', 'what shape is it', ...git);
    const captions = await lines('caption', ...pictures, '--prompt', 'what shape is it', ...git);
    expect(answers.map(({ tokens }) => tokens)).toEqual(captions.map(({ tokens }) => tokens));
    for (const [i, { text }] of answers.entries())
      expect(letters(captions[i].text)).toBe(letters(`what shape is it ${text}`));
    expect(answers.map(({ image }) => image)).toEqual(pictures);
  });

  it('gives it to the question encoder of BLIP, which it depends on', async () => {
    const logProbs: number[] = [];
    for (const question of ['what shape is it', 'what colour is it'])
      logProbs.push((await lines('answer', 'mine/0.png', '--question', question, ...vqa))[0].logProb);
    expect(logProbs[0]).not.toBeCloseTo(logProbs[1]!, 4);
  });

  it('has room for an answer as long as the model writes, however long the question', async () => {
    const asked = 'what shape is it '.repeat(2);
    const args = ['answer', 'mine/0.png', '--question', asked, '--min-length', '12', '--max-length', '12'];
    expect((await lines(...args, ...vqa))[0].tokens).toHaveLength(12);
  });

  it('takes what caption takes', async () => {
    const beams = ['--beams', '3', '--captions', '2', '--max-length', '4'];
    const made = await lines('answer', 'mine/0.png', '--question', 'what is it', ...beams, ...vqa);
    expect(made).toHaveLength(2);
  });
});

describe('score', () => {
  it('is of an answer to its question, token by token and with the end', async () => {
    const given = ['score', 'mine/0.png', '--text', 'a red disc', '--question', 'what is it'];
    const [scored] = await lines(...given, ...vqa);
    expect(Object.keys(scored)).toEqual(['id', 'image', 'tokens', 'logProbs', 'logProb']);
    expect(scored.tokens.at(-1)).toBe(3);
    expect(scored.logProbs).toHaveLength(scored.tokens.length);
    const sum = scored.logProbs.reduce((total: number, value: number) => total + value, 0);
    expect(scored.logProb).toBeCloseTo(sum, 5);
    const { out } = await simvlm(...given, '--checkpoint', 'vqa', '--backend', 'wasm');
    expect(Number(out)).toBeCloseTo(scored.logProb, 3);
  });

  it('takes as long a question and as long an answer as the model reads, each for itself', async () => {
    const question = 'is it red a is it red a is it';
    const text = 'a red disc is it a red disc is it a';
    const [scored] = await lines('score', 'mine/0.png', '--text', text, '--question', question, ...vqa);
    expect(scored.tokens).toHaveLength(12);
  });
});

describe('eval', () => {
  it.each([
    ['vqa', []],
    ['git', ['--evaluator', 'answers']],
  ])('measures the answers of %s', async (model, more) => {
    writeQuestions();
    const args = ['eval', 'mine', '--json', '--checkpoint', model, '--backend', 'wasm', ...more];
    const { code, out, err } = await simvlm(...args);
    expect(code, err).toBe(0);
    expect(evaluated(out)).toMatchObject({ evaluator: 'answers', count: 12 });
  });
});

describe('finetune', () => {
  it('trains a model of questions for answers, and says how to evaluate it', async () => {
    writeQuestions();
    const args = ['finetune', 'mine', '--init', 'vqa', '--name', 'asked', '--backend', 'wasm'];
    const fast = ['optimizer.learningRate=5e-3', 'training.accumulate=1', 'steps=30'];
    const { code, err } = await simvlm(...args, ...fast.flatMap(each => ['--set', each]));
    expect(code, err).toBe(0);
    expect(err).toContain('evaluate it with: simvlm eval SOURCE --checkpoint runs/asked');
    const asked = await simvlm('eval', 'mine', '--json', '--checkpoint', 'runs/asked', '--backend', 'wasm');
    // One question and one kind of answer: it is learnt whatever is seen.
    expect(evaluated(asked.out)).toMatchObject({ evaluator: 'answers', accuracy: 1 });
  });
});

describe.each([
  [['answer', 'mine/0.png'], "error: required option '--question <text>' not specified"],
  [['answer', 'mine/0.png', '--question', ' '], 'answer: --question is empty: ask something'],
  [
    ['answer', 'mine/0.png', '--question', 'is it red '.repeat(9)],
    'answer: --question has 27 tokens, and the model reads questions of 10: shorten it',
  ],
  [
    ['answer', 'mine/0.png', '--question', 'what is it', '--max-length', '99'],
    'answer: --max-length must be 1 to 12 (the model reads 12 tokens), got 99',
  ],
  [
    ['answer', 'mine/0.png', '--question', 'what is it', '--captions', '2'],
    'answer: --captions 2 needs --beams, or sampling',
  ],
  [['caption', 'mine/0.png'], 'caption: this model answers questions, and writes no captions: simvlm answer'],
  [['score', 'mine/0.png'], "error: required option '--text <text>' not specified"],
  [['score', 'mine/0.png', '--text', ''], 'score: --text is empty: give a caption or an answer'],
  [
    ['score', 'mine/0.png', '--text', 'red'],
    'score: this model knows answers to questions alone: say with --question',
  ],
  [
    ['score', 'mine/0.png', '--text', 'a red disc '.repeat(9), '--question', 'what is it'],
    'the text has 28 tokens with the end, and the model reads 12: shorten it',
  ],
  [
    ['score', 'mine/0.png', '--text', 'a red disc', '--question', 'what is it '.repeat(4)],
    'the question has 14 tokens with the one before and the one after it, and the model reads 12: shorten it',
  ],
])('%j', (args, message) => {
  it('is refused in one line that says what to do', async () => {
    const { code, err, out } = await simvlm(...args, '--checkpoint', 'vqa', '--backend', 'wasm');
    expect(err).toContain(message);
    expect(code).toBe(2);
    expect(out).toBe('');
  });
});
