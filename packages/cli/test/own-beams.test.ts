import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawFolder, simvlm, workingFolder } from './fixture';
import { importedCheckpoint } from './imported';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('mine', 3, 1);
  await importedCheckpoint('beams', 'git', { maxLength: 6, sampler: { kind: 'beam', beams: 3 } });
});
afterAll(() => folder.leave());

const captions = (...options: string[]) =>
  simvlm(...['caption', 'mine/0.png', '--checkpoint', 'beams', '--backend', 'wasm', '--jsonl'], ...options);

describe('a model that searches with beams by itself', () => {
  it.each([
    [
      ['--captions', '2'],
      ['--captions', '2', '--beams', '3'],
    ],
    [
      ['--length-penalty', '4'],
      ['--length-penalty', '4', '--beams', '3'],
    ],
    [
      ['--early-stopping', 'true'],
      ['--early-stopping', 'true', '--beams', '3'],
    ],
  ])('takes %j as it takes %j', async (own, said) => {
    const { code, err, out } = await captions(...own);
    expect(code, err).toBe(0);
    expect(out).toBe((await captions(...said)).out);
  });

  it.each([
    [['--captions', '4'], 'caption: --captions 4 is more than the 3 beams of the model: give --beams'],
    [['--captions', '4', '--length-penalty', '1'], '--captions 4 is more than the 3 beams of the model'],
    [['--top-k', '3', '--length-penalty', '1'], '--length-penalty 1 needs --beams'],
  ])('does not take %j', async (options, message) => {
    const { code, err } = await captions(...options);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});
