import { existsSync } from 'node:fs';
import { applyOverrides, resolveRunConfig } from '@simvlm/run';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simvlm, workingFolder } from './fixture';

/** All that has no default. */
const whole = {
  ...{ name: 'n', model: 'emoji-tiny', data: { train: 'none' } },
  ...{ optimizer: { learningRate: 1e-3 }, steps: 5 },
};

let folder: ReturnType<typeof workingFolder>;
beforeAll(() => {
  folder = workingFolder();
  folder.write('config.json', whole);
});
afterAll(() => folder.leave());

describe('run names never lead out of runs/', () => {
  it.each([
    '',
    ' ',
    '.',
    '..',
    '../mine',
    '/tmp/mine',
    'a/b',
    'a\\b',
    'a\nb',
    'a\u001b[2Jb',
    'a\u0000',
    'x'.repeat(201),
  ])('%j is refused with 2 and the allowed form, in configurations and options', async name => {
    const allowed = 'the name of a folder in runs/: not empty, not "." or ".."';
    const set = await simvlm('train', 'config.json', '--set', `name=${JSON.stringify(name)}`);
    expect([set.code, set.err]).toEqual([2, expect.stringContaining(allowed)]);
    const option = await simvlm('demo', '--name', name);
    expect([option.code, option.err]).toEqual([2, expect.stringContaining(allowed)]);
    const resumed = await simvlm('demo', '--resume', '--name', name);
    expect(resumed.code).toBe(2);
    expect(existsSync('runs')).toBe(false);
  });

  it.each(['mine', 'lr=1e-3, wd 0.1', '2026-11-30', '.hidden', '–é😀', '...'])('%j is allowed', name => {
    expect(resolveRunConfig({ ...whole, name }).name).toBe(name);
  });
});

describe('keys that every object inherits are ordinary unknown keys', () => {
  it.each([
    ['__proto__.x=1', 'unknown key "__proto__"; allowed: name'],
    ['constructor=1', 'unknown key "constructor"'],
    ['constructor.prototype.x=1', 'unknown key "constructor"'],
    ['toString=1', 'unknown key "toString"'],
    ['optimizer.__proto__=1', 'unknown key "optimizer.__proto__"'],
    ['data.valueOf=1', 'unknown key "data.valueOf"'],
    ['model.__proto__.x=1', 'unknown key "model.__proto__"'],
    ['model=constructor', 'no model preset "constructor"; there are'],
    ['model=__proto__', 'no model preset "__proto__"; there are'],
    ['augment=toString', '"augment" must be one of none'],
    ['objective.kind=hasOwnProperty', 'no objective "hasOwnProperty"; registered:'],
    ['model.patcher.kind=valueOf', 'no patcher "valueOf"; registered:'],
  ])('--set %s', async (pair, message) => {
    const base = pair.startsWith('model.')
      ? [
          '--set',
          `model=${JSON.stringify({ architecture: 'decoder-only', imageSize: 16, width: 8, layers: 1, heads: 1, mlp: 8, maxTextLength: 8, patcher: { kind: 'linear', patchSize: 4 } })}`,
        ]
      : [];
    const { code, err } = await simvlm('train', 'config.json', ...base, '--set', pair);
    expect(err).toContain(message);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty'])('%s in a file', async key => {
    folder.write('odd.json', `{ "${key}": { "x": 1 }, "optimizer": { "clip": 1 } }`);
    const { code, err } = await simvlm('train', 'odd.json');
    expect(err).toContain(`odd.json: unknown key "${key}"; allowed: name`);
    expect(code).toBe(2);
  });

  it('an override never changes what objects inherit', () => {
    applyOverrides({ data: {} }, [
      '__proto__.polluted=1',
      'data.__proto__.polluted=1',
      'constructor.prototype.polluted=1',
    ]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

it.each([
  [{ optimiser: {} }, 'did you mean "optimizer"?'],
  [{ optimizer: { learningrate: 1 } }, 'did you mean "learningRate"?'],
  [{ data: { trian: 'x' } }, 'did you mean "train"?'],
  [{ ...whole, model: 'emoji-tny' }, 'did you mean "emoji-tiny"?'],
])('%j suggests the nearest', (config, message) => {
  folder.write('slip.json', config);
  return expect(simvlm('train', 'slip.json')).resolves.toMatchObject({
    code: 2,
    err: expect.stringContaining(message),
  });
});

it.each([
  [{ plugins: [5] }, '"plugins" must be a list of strings, got [5]'],
  [{ optimizer: { freeze: [null] } }, '"optimizer.freeze" must be a list of strings, got [null]'],
  [{ lora: { rank: 2, targets: 'all' } }, '"lora.targets" must be a list of strings, got "all"'],
  [{ data: [] }, '"data" must be an object, got []'],
  [{ model: null }, '"model" must be a preset name or a model configuration, got null'],
])('%j of a wrong type names file and key', async (config, message) => {
  folder.write('types.json', config);
  const { code, err } = await simvlm('train', 'types.json');
  expect(err).toContain('types.json');
  expect(err).toContain(message);
  expect(code).toBe(2);
});
