import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkpointFolder } from '@simvlm/checkpoint-emoji';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawFolder, simvlm, smallConfig, smallModel, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('pictures', 12, 1);
  folder.write('text.txt', 'a red disc\na blue cross\n'.repeat(20));
  folder.write('empty.txt', '');
  folder.write('file', 'a file');
  folder.write('plugin.mjs', 'export default 5;');
  folder.write('config.json', smallConfig('pictures', { steps: 2 }));
  folder.write('no-json.json', '{');
  writeFileSync('pictures/broken.png', 'no picture');
  const done = await simvlm('train', 'config.json');
  expect(done.code).toBe(0);
  await simvlm('tokenizer', 'train', 'text.txt', '--out', 'words.model', '--soft-vocab-limit');
});
afterAll(() => folder.leave());

const checkpoint = ['--checkpoint', 'runs/shapes'];
let runs = 0;
const train = (...pairs: string[]) => [
  'train',
  'config.json',
  ...[`name=run-${++runs}`, ...pairs].flatMap(pair => ['--set', pair]),
];
const model = (change: object) => `model=${JSON.stringify({ ...smallModel, ...change })}`;
const tokenizer = (...args: string[]) => ['tokenizer', ...args];
const learn = (...args: string[]) => tokenizer('train', 'text.txt', '--out', 'new.model', ...args);

/** What each command gives, and a part of what it says. */
const table: readonly (readonly [code: number, args: readonly string[], says: string | RegExp])[] = [
  // 0: done.
  [0, ['--help'], 'Usage: simvlm'],
  [0, ['lora', '--help'], 'Usage: simvlm lora'],
  [0, ['info'], 'backend'],
  [0, ['caption', 'pictures/0.png', ...checkpoint], ''],
  [0, ['eval', 'pictures', ...checkpoint], 'exactMatch'],
  [0, ['export', ...checkpoint, '--out', 'exported'], 'exported'],
  [0, learn('--soft-vocab-limit'), 'new.model'],
  [
    0,
    tokenizer('train', 'text.txt', '--out', 'bert.json', '--type', 'wordpiece', '--soft-vocab-limit'),
    'pieces',
  ],
  [
    0,
    tokenizer('train', 'text.txt', '--out', 'gpt.json', '--type', 'byte-bpe', '--soft-vocab-limit'),
    'pieces',
  ],
  [0, tokenizer('encode', 'text.txt', '--model', 'words.model', '--pieces'), 'red'],

  // 2: what was asked for cannot be, whichever command is asked.
  [2, ['unheard-of'], "unknown command 'unheard-of'"],
  [2, ['train'], "missing required argument 'config'"],
  [2, ['caption'], "missing required argument 'image'"],
  [2, ['export', '--out', 'x'], "required option '--checkpoint <dir>' not specified"],
  [2, ['lora', 'extract', 'runs/shapes'], "required option '--out <file>' not specified"],
  [
    2,
    learn('--type', 'byte-bpe'),
    '--type byte-bpe writes a tokenizer.json; give an --out that ends with .json',
  ],
  [2, learn('--cased'), '--cased is for --type wordpiece, not for unigram'],
  [
    2,
    learn('--type', 'wordpiece', '--byte-fallback'),
    '--byte-fallback is for --type unigram and bpe, not for wordpiece',
  ],
  [2, tokenizer('encode'), "required option '--model <file>' not specified"],
  [2, ['train', 'no-config.json'], 'cannot read the config no-config.json'],
  [2, ['train', 'no-json.json'], 'no-json.json'],
  [2, train('steps=0'), '"steps" must be an integer ≥ 1, got 0'],
  [2, train('optimizer.learning=1'), 'unknown key "optimizer.learning"'],
  [2, ['train', 'config.json', '--resume', 'a', '--init', 'b'], 'not both'],
  [2, ['demo', '--minutes', '0'], 'give a number above 0'],
  [2, ['demo', '--name', '../out'], 'the name of a folder in runs/'],
  [2, train('name=../out'), '"name" must be the name of a folder in runs/'],
  // … an unknown backend,
  [2, [...train(), '--backend', 'abacus'], 'no backend "abacus"; there are webgpu, native, wasm, cpu'],
  [2, ['demo', '--backend', 'wsam', '--name', 'x'], 'did you mean "wasm"?'],
  [2, ['caption', 'pictures/0.png', ...checkpoint, '--backend', 'abacus'], 'no backend "abacus"'],
  [2, ['eval', 'pictures', ...checkpoint, '--backend', 'abacus'], 'no backend "abacus"'],
  [2, ['eval', 'emoji', ...checkpoint, '--backend', 'abacus'], 'no backend "abacus"'],
  // … a device or a precision that nobody has, or not this backend,
  [2, ['demo', '--device', 'gpu', '--name', 'x'], 'did you mean "cuda"?'],
  [2, [...train(), '--device', 'cud'], 'no device "cud"; there are '],
  [
    2,
    ['eval', 'pictures', ...checkpoint, '--backend', 'cpu', '--device', 'cuda'],
    'no device "cuda", only cpu',
  ],
  [
    2,
    ['eval', 'emoji', ...checkpoint, '--precision', 'half'],
    'no precision "half"; there are float32, bfloat16',
  ],
  [2, [...train(), '--backend', 'wasm', '--precision', 'bfloat16'], 'only in float32: use native'],
  [2, train('precision=bf16'), '"precision" must be one of float32, bfloat16'],
  [2, [...train('precision=bfloat16'), '--backend', 'wasm'], 'only in float32: use native'],
  [
    2,
    ['caption', 'pictures/0.png', ...checkpoint, '--backend', 'webgpu', '--precision', 'bfloat16'],
    'the backend webgpu does not compute in bfloat16',
  ],
  // … unknown parts,
  [2, train('model=emoji-huge'), 'no model preset "emoji-huge"'],
  [2, train('objective.kind=captoining'), 'no objective "captoining"; registered: '],
  [2, train(model({ patcher: { kind: 'convv' } })), 'no patcher "convv"; registered: '],
  [
    2,
    train(model({ patcher: { kind: 'linear', patchSize: 5 } })),
    'patchSize 5 does not divide the image side 16',
  ],
  [2, train('augment=wild'), '"augment" must be one of none'],
  [2, train('optimizer.schedule=steep'), '"optimizer.schedule" must be one of linear'],
  // … plug-ins that are none,
  [2, [...train(), '--plugin', './plugin.mjs'], './plugin.mjs as a plug-in: it must export'],
  [2, ['caption', 'pictures/0.png', '--plugin', 'data:text/javascript,1'], 'URLs are not loaded'],
  [2, ['eval', 'pictures', '--plugin', './missing.mjs'], 'cannot load the plug-in ./missing.mjs'],
  // … impossible sizes and lengths,
  [2, train(model({ maxTextLength: 1 })), '"maxTextLength" must be an integer from 2'],
  [2, train(model({ heads: 5 })), '5 heads do not divide width 32'],
  [2, train(model({ width: 65_536, layers: 1000 })), 'M parameters: its weights alone take '],
  [2, train('tokenizer.vocabSize=3'), '"tokenizer.vocabSize" must be an integer from 16'],
  [2, ['caption', 'pictures/0.png', ...checkpoint, '--max-length', '9'], '--max-length must be 1 to 8'],
  [2, ['caption', 'pictures/0.png', ...checkpoint, '--min-length', '9'], '--min-length must be 0 to 8'],
  [2, ['caption', 'pictures/0.png', ...checkpoint, '--prompt', 'a red '.repeat(9)], '--prompt has '],
  [2, learn('--vocab-size', '8000'), '--vocab-size 8000 is too large for this text'],
  [2, learn('--vocab-size', '6'), '--vocab-size 6 is too small for this text'],
  [2, learn('--vocab-size', '2'), '--vocab-size must be an integer from 5'],
  [2, learn('--max-lines', '0'), 'give a whole number, 1 or more'],
  // … and outputs that would replace something.
  [2, ['export', ...checkpoint, '--out', 'pictures'], 'pictures is there already'],
  [2, ['lora', 'merge', 'runs/shapes', '--out', 'pictures'], /pictures is (not empty|there already)/],
  [2, ['lora', 'merge', 'runs/shapes', '--out', 'merged'], 'runs/shapes has no adapters'],
  [2, ['lora', 'extract', 'runs/shapes', '--out', 'adapters'], 'runs/shapes has no adapters'],

  // 1: it failed, for what is on a disk or on this machine.
  [
    1,
    ['caption', 'pictures/0.png', ...checkpoint, '--backend', 'native', '--device', 'cuda:9'],
    'backend "native" on device "cuda:9" does not work here (native: ',
  ],
  [1, ['caption', 'none.png', ...checkpoint], 'cannot read none.png: there is no such file'],
  [1, ['caption', 'pictures/broken.png', ...checkpoint], 'pictures/broken.png: '],
  [1, ['caption', 'pictures/0.png', '--checkpoint', 'none'], 'no checkpoint at none'],
  [1, ['eval', 'none', ...checkpoint], 'none: there is no such file or folder'],
  [1, ['eval', 'pictures', '--checkpoint', 'file'], 'no checkpoint at file'],
  [1, ['eval', 'pictures', '--predictions', 'none/p.jsonl'], 'cannot write none/p.jsonl'],
  [1, ['export', '--checkpoint', 'none', '--out', 'x'], 'no checkpoint at none'],
  [1, ['export', ...checkpoint, '--out', 'file/x'], 'cannot write file/x'],
  [1, ['lora', 'merge', 'none', '--out', 'x'], 'no checkpoint at none'],
  [1, ['lora', 'merge', 'runs/shapes', '--adapters', 'none', '--out', 'x'], 'cannot read none'],
  [1, ['lora', 'extract', 'none', '--out', 'x'], 'no checkpoint at none'],
  [1, train('data.train=none'), 'none: there is no such file or folder'],
  [1, train('tokenizer.model=none.model'), 'cannot read none.model'],
  [1, ['train', 'config.json', '--resume', 'none'], 'no checkpoint at none'],
  [1, ['train', 'config.json', '--init', 'none', '--set', 'name=new'], 'no checkpoint at none'],
  [1, ['demo', '--resume', '--name', 'none'], 'no checkpoint at runs/none'],
  [1, tokenizer('train', 'none.txt', '--out', 'x'), 'cannot read none.txt'],
  [1, tokenizer('train', 'empty.txt', '--out', 'x'), 'there is no text'],
  [1, tokenizer('encode', 'none.txt', '--model', 'words.model'), 'cannot read none.txt'],
  [1, tokenizer('encode', 'text.txt', '--model', 'none.model'), 'cannot read none.model'],
  [1, tokenizer('decode', 'text.txt', '--model', 'words.model'), 'line 1: "a" is not an id'],
];

describe('exit codes are those that the README promises', () => {
  it.each(table)('%d: %j', async (code, args, says) => {
    const done = await simvlm(...args);
    const said = done.out + done.err;
    if (typeof says === 'string') expect(said).toContain(says);
    else expect(said).toMatch(says);
    expect(done.code).toBe(code);
    // An error is one line for people, and no stack.
    expect(said).not.toMatch(/unexpected:|^ {4}at /m);
  });

  it('130: a training that is stopped, with what it has learnt', async () => {
    const stopped = simvlm('train', 'config.json', '--set', 'name=stopped', '--set', 'steps=1000000');
    // Before there is a run there is nothing to go on with.
    const timer = setInterval(() => existsSync('runs/stopped/metrics.jsonl') && process.emit('SIGTERM'), 20);
    const { code, err } = await stopped.finally(() => clearInterval(timer));
    expect(err).toContain('go on with: simvlm train config.json --resume runs/stopped');
    expect(code).toBe(130);
  });

  it('130: an evaluation that is stopped', async () => {
    const stopped = simvlm('eval', 'pictures', '--checkpoint', fileURLToPath(checkpointFolder));
    const timer = setInterval(() => process.emit('SIGHUP'), 5);
    const { code, out } = await stopped.finally(() => clearInterval(timer));
    expect([code, out]).toEqual([130, '']);
  });
});
