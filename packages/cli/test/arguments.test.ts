import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simvlm, smallConfig, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(() => {
  folder = workingFolder();
});
afterAll(() => folder.leave());

describe('help', () => {
  it.each([
    [['--help']],
    [['demo', '--help']],
    [['train', '--help']],
    [['caption', '--help']],
    [['eval', '--help']],
    [['tokenizer', '--help']],
    [['tokenizer', 'train', '--help']],
    [['info', '--help']],
  ])('%j prints usage and ends with 0', async args => {
    const { code, out } = await simvlm(...args);
    expect(code).toBe(0);
    expect(out).toContain('Usage: simvlm');
  });

  it.each(['demo', 'train', 'caption', 'eval'])(
    '%s says where it can compute and how exactly',
    async command => {
      const { out } = await simvlm(command, '--help');
      for (const option of ['--backend <name>', '--device <name>', '--precision <type>'])
        expect(out).toContain(option);
    },
  );

  it('--version prints the version of the package', async () => {
    expect((await simvlm('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('wrong arguments end with 2 and say what is wrong', () => {
  it.each([
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['demo', '--minuets', '3'], "unknown option '--minuets'"],
    [['demo', '--minutes', 'many'], 'give a number above 0'],
    [['demo', '--seed', '1.5'], 'give a whole number'],
    [['train'], "missing required argument 'config'"],
    [['caption'], "missing required argument 'image'"],
    [['caption', 'a.png', '--beams', '0'], 'give a whole number, 1 or more'],
    [['caption', 'a.png', '--beams', 'few'], 'give a whole number, 1 or more'],
    [['caption', 'a.png', '--beams', '1001'], 'give a whole number from 1 to 1,000'],
    [['caption', 'a.png', '--captions', '1e9', '--top-k', '5'], 'give a whole number from 1 to 1,000'],
    [['caption', 'a.png', '--length-penalty', '-1'], 'give a number, 0 or more'],
    [['caption', 'a.png', '--top-k', '1.5'], 'give a whole number, 1 or more'],
    [['caption', 'a.png', '--top-p', '1.2'], 'give a number above 0, 1 at most'],
    [['caption', 'a.png', '--top-p', '0'], 'give a number above 0, 1 at most'],
    [['caption', 'a.png', '--temperature', '0'], 'give a number above 0'],
    [['caption', 'a.png', '--repetition-penalty', '0'], 'give a number above 0'],
    [['caption', 'a.png', '--no-repeat-ngram', '0'], 'give a whole number, 1 or more'],
    [['caption', 'a.png', '--min-length', '-1'], 'give a whole number, 0 or more'],
    [['caption', 'a.png', '--max-length', '0'], 'give a whole number, 1 or more'],
    [['caption', 'a.png', '--captions', '0'], 'give a whole number, 1 or more'],
    [['caption', 'a.png', '--seed', 'x'], 'give a whole number, 0 or more'],
    [['caption', 'a.png', '--beams', '3', '--top-k', '5'], "cannot be used with option '--top-k <n>'"],
    [
      ['caption', 'a.png', '--beams', '3', '--temperature', '2'],
      "cannot be used with option '--temperature <t>'",
    ],
    [['caption', 'a.png', '--length-penalty', '2'], '--length-penalty 2 needs --beams'],
    [['caption', 'a.png', '--seed', '2'], '--seed 2 needs sampling'],
    [['caption', 'a.png', '--early-stopping', 'never'], '--early-stopping never needs --beams'],
    [['caption', 'a.png', '--early-stopping', 'yes'], 'Allowed choices are true, false, never'],
    [['caption', 'a.png', '--captions', '2'], '--captions 2 needs --beams, or sampling'],
    [['caption', 'a.png', '--captions', '4', '--beams', '3'], '--captions 4 is more than --beams 3'],
    [
      ['caption', 'a.png', '--min-length', '5', '--max-length', '4'],
      '--min-length 5 is more than --max-length 4',
    ],
    [['demo', 'mine'], "too many arguments for 'demo'. Expected 0 arguments but got 1"],
    [['train', 'config.json', 'more.json'], "too many arguments for 'train'. Expected 1 argument but got 2"],
    [
      ['eval', 'emoji', 'runs/mine'],
      'emoji does not go with other data: simvlm eval emoji; --checkpoint names the model',
    ],
    [['export', 'mine', '--checkpoint', 'a', '--out', 'b'], "too many arguments for 'export'"],
    [['lora', 'merge', 'a', 'b', '--out', 'c'], "too many arguments for 'merge'"],
    [['lora', 'extract', 'a', 'b', '--out', 'c'], "too many arguments for 'extract'"],
    [['native', 'build', 'now'], "too many arguments for 'build'"],
    [['info', 'all'], "too many arguments for 'info'"],
    [['tokenizer', 'learn'], "unknown command 'learn'"],
    [['tokenizer', 'train'], "required option '--out <file>' not specified"],
  ])('%j', async (args, message) => {
    const { code, out, err } = await simvlm(...args);
    expect(err).toContain(message);
    expect(out).toBe('');
    expect(code).toBe(2);
  });
});

describe('configurations', () => {
  it.each([
    [{ learningrate: 1 }, 'unknown key "learningrate"; allowed: name'],
    [{ optimizer: { learning: 1 } }, 'unknown key "optimizer.learning"'],
    [{ seed: 'one' }, '"seed" must be an integer ≥ 0, got "one"'],
    [{ model: 'emoji-huge' }, 'no model preset "emoji-huge"; there are emoji-tiny'],
    [{ steps: 3, minutes: 1 }, '"steps" and "minutes" exclude each other'],
    [{ batch: { imageText: 0, textOnly: 0 } }, 'a step needs examples'],
    [{ plugins: ['./none.js'] }, 'cannot load the plug-in ./none.js'],
    [{ augment: 'yes' }, 'one of none, crop, drawing'],
  ])('%j is refused with one line that names the key', async (config, message) => {
    folder.write('config.json', { ...smallConfig('train'), ...config });
    const { code, err } = await simvlm('train', 'config.json');
    expect(err).toContain(message);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
  });

  it('a file that is no JSON, or not there, is named', async () => {
    folder.write('broken.json', '{"seed": 1,,}');
    expect((await simvlm('train', 'broken.json')).err).toContain('broken.json: not JSON');
    expect((await simvlm('train', 'none.json')).err).toContain('cannot read the config none.json: ENOENT');
  });

  it('--set changes values, and is held to the same rules', async () => {
    folder.write('config.json', smallConfig('train'));
    const { err, code } = await simvlm('train', 'config.json', '--set', 'optimizer.clip="hard"');
    expect(err).toContain('"optimizer.clip" must be a number ≥ 0, got "hard"');
    expect(code).toBe(2);
  });
});

describe('what is missing', () => {
  it('a run that is not there is named, and ends with 1', async () => {
    const { code, err } = await simvlm('caption', 'a.png', '--checkpoint', 'runs/mine');
    expect(err).toContain('no checkpoint at runs/mine: there is no such folder');
    expect(code).toBe(1);
  });

  it('a backend that does not exist is named beside those that do', async () => {
    folder.write('config.json', smallConfig('nowhere'));
    const { code, err } = await simvlm('train', 'config.json', '--backend', 'abacus');
    expect(err).toContain('no backend "abacus"; there are webgpu, native');
    expect(code).toBe(2);
  });

  it('a data folder that is not there is named', async () => {
    folder.write('config.json', smallConfig('nowhere'));
    const { code, err } = await simvlm('train', 'config.json');
    expect(err).toContain('"data.train": nowhere: there is no such file or folder');
    expect(code).toBe(1);
  });

  it('a checkpoint to begin with is named by the key of the configuration', async () => {
    folder.write('config.json', smallConfig('nowhere'));
    const { code, err } = await simvlm('train', 'config.json', '--set', 'init=runs/mine');
    expect(err).toContain('"init": no checkpoint at runs/mine: there is no such folder');
    expect(code).toBe(1);
  });
});

it('info --json describes machine and backends', async () => {
  const { code, out } = await simvlm('info', '--json');
  const info = JSON.parse(out);
  expect(code).toBe(0);
  expect(info.backend.name).toBe('wasm');
  expect(info.backends.map(({ name }: { name: string }) => name)).toEqual(['webgpu', 'native', 'wasm']);
  expect(info.presets).toContain('emoji-tiny');
});
