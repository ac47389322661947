import { describe, expect, test } from 'vitest';
import { isHubName, parseHubName } from './name';

describe('a name on the hub', () => {
  test.each([
    ['hf:microsoft/git-base-coco', 'microsoft/git-base-coco', 'main'],
    ['hf:Salesforce/blip.2_x@v1.0', 'Salesforce/blip.2_x', 'v1.0'],
    ['hf:gpt2@refs/pr/7', 'gpt2', 'refs/pr/7'],
  ])('%s is read', (name, repository, revision) => {
    expect(parseHubName(name)).toEqual({ repository, revision });
  });

  test.each([
    'hf:',
    'hf:/name',
    'hf:owner/',
    'hf:a/b/c',
    'hf:../../etc',
    'hf:a/b--c',
    'hf:owner/.name',
    'hf:owner/name@',
    'hf:owner/name@../../refs',
    'hf:owner/name@a//b',
    'hf:owner/name@/root',
    'hf:owner/na me',
    'hf:owner/name?x',
  ])('%s is refused', name => {
    expect(() => parseHubName(name)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('hf:OWNER/NAME') }),
    );
  });

  test('a path is none', () => {
    expect(['folder', './hf:x', 'https://huggingface.co/a/b'].filter(isHubName)).toEqual([]);
  });
});
