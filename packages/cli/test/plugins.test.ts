import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawFolder, simvlm, smallConfig, smallModel, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 30, 1);
  folder.write(
    'mine.mjs',
    `export default {
      name: 'mine',
      setup(registry) {
        registry.register('patcher', 'mine', (options, context) =>
          registry.get('patcher', 'linear')(options, context));
      },
    };`,
  );
  folder.write('none.mjs', 'export default {};');
  folder.write(
    'breaks.mjs',
    "export default { name: 'breaks', setup() { throw new TypeError('no chart'); } };",
  );
  folder.write('throws.mjs', "throw new Error('not today');");
  folder.write('clash.mjs', "export default { name: '@simvlm/data', setup() {} };");
  const model = { ...smallModel, patcher: { kind: 'mine', patchSize: 4 } };
  folder.write('config.json', smallConfig('train', { model, steps: 3 }));
});
afterAll(() => folder.leave());

describe('--plugin', () => {
  it('is what a run with a part of its own trains with, and its checkpoint names it', async () => {
    const { code, err } = await simvlm('train', 'config.json', '--plugin', './mine.mjs');
    // What it recommends works.
    expect(err).toContain('caption PICTURE --checkpoint runs/shapes --plugin ./mine.mjs');
    expect(code).toBe(0);
    const run = `runs/shapes/checkpoints/${readdirSync('runs/shapes/checkpoints')[0]}/run.json`;
    expect(JSON.parse(readFileSync(run, 'utf8')).plugins).toEqual(['./mine.mjs']);
  });

  it.each([[['caption', 'train/0.png']], [['eval', 'train']]])('lets %j open that run', async args => {
    const { code, lines } = await simvlm(...args, '--checkpoint', 'runs/shapes', '--plugin', './mine.mjs');
    expect(code).toBe(0);
    expect(lines.length).toBeGreaterThan(0);
  });

  it('takes a package that is installed where the user works', async () => {
    mkdirSync('node_modules/my-plugin', { recursive: true });
    copyFileSync('mine.mjs', 'node_modules/my-plugin/mine.mjs');
    folder.write('node_modules/my-plugin/package.json', {
      name: 'my-plugin',
      exports: { import: './mine.mjs' },
    });
    const { code } = await simvlm('train', 'config.json', '--set', 'name=packed', '--plugin', 'my-plugin');
    expect(code).toBe(0);
  });

  it('may repeat one that the configuration has', async () => {
    const args = ['--set', 'name=twice', '--set', 'plugins=["./mine.mjs"]', '--plugin', './mine.mjs'];
    expect((await simvlm('train', 'config.json', ...args)).code).toBe(0);
  });
});

describe('a checkpoint that needs a plug-in', () => {
  const trusted = './mine.mjs';

  it.each([
    [['caption', 'train/0.png', '--checkpoint', 'runs/shapes']],
    [['eval', 'train', '--checkpoint', 'runs/shapes']],
    [['eval', 'emoji', '--checkpoint', 'runs/shapes']],
    [['export', '--checkpoint', 'runs/shapes', '--out', 'exported']],
    [['train', 'config.json', '--set', 'name=next', '--init', 'runs/shapes']],
  ])('is never opened by %j with what it names itself: the error says which option loads it', async args => {
    const { code, out, err } = await simvlm(...args);
    expect(err).toContain('no patcher "mine"; registered: ');
    if (args[0] === 'train') expect(err).toContain('with --plugin MODULE');
    else expect(err).toContain(`if you trust them, add --plugin ${trusted}`);
    expect([code, out]).toEqual([2, '']);
  });

  it('is exported with it, and the export says so, too', async () => {
    const args = ['export', '--checkpoint', 'runs/shapes', '--out', 'exported'];
    expect((await simvlm(...args, '--plugin', trusted)).code).toBe(0);
    const { code, err } = await simvlm('caption', 'train/0.png', '--checkpoint', 'exported');
    expect(err).toContain(`add --plugin ${trusted}`);
    expect(code).toBe(2);
  });

  it('gives its adapters, and takes them in, with it', async () => {
    const lora = ['--set', 'lora={"rank":2}', '--set', 'name=tuned', '--set', 'optimizer.learningRate=0.01'];
    const tuned = await simvlm('train', 'config.json', ...lora, '--init', 'runs/shapes', '--plugin', trusted);
    expect(tuned.code).toBe(0);
    const extract = ['lora', 'extract', 'runs/tuned', '--out', 'adapters'];
    const merge = ['lora', 'merge', 'runs/shapes', '--adapters', 'adapters', '--out', 'merged'];
    for (const args of [extract, merge]) {
      expect(await simvlm(...args)).toMatchObject({ code: 2, err: expect.stringContaining(trusted) });
      expect(await simvlm(...args, '--plugin', trusted)).toMatchObject({ code: 0 });
    }
  });
});

it.each([
  ['data:text/javascript,process.exit(7)', 'URLs are not loaded'],
  ['https://example.org/plugin.js', 'URLs are not loaded'],
  ['file:///tmp/plugin.js', 'URLs are not loaded'],
  ['node:fs', 'URLs are not loaded'],
  ['fs', 'give a package, or a file'],
  ['', 'cannot use "" as a plug-in'],
  ['./missing.mjs', 'cannot load the plug-in ./missing.mjs'],
  ['mine.mjs', 'a file begins with ./, ../ or /'],
  ['./none.mjs', 'it must export { name, setup(registry) } as default'],
  ['./throws.mjs', 'not today'],
  ['./breaks.mjs', 'its setup failed: no chart'],
  ['./clash.mjs', 'plug-in "@simvlm/data" is already in use'],
])(
  'the plug-in %j is refused with one line and 2, in an option and in a configuration',
  async (plugin, message) => {
    for (const args of [
      ['train', 'config.json', '--set', 'name=x', '--plugin', plugin],
      ['train', 'config.json', '--set', 'name=x', '--set', `plugins=${JSON.stringify([plugin])}`],
      ['caption', 'train/0.png', '--plugin', plugin],
    ]) {
      const { code, out, err } = await simvlm(...args);
      expect(err).toContain(message);
      expect(err).not.toContain('    at ');
      expect([code, out]).toEqual([2, '']);
    }
    expect(existsSync('runs/x')).toBe(false);
  },
);
