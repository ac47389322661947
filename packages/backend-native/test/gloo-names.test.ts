import { expect } from 'vitest';
import { needs } from '../../../scripts/parts/needs';
import { nativeStatus } from '../src/addon/index';
import { mentions } from '../src/addon/symbols';

const { test } = await needs('gloo');

// The addon is compiled with Gloo's names alone, of any version. That is safe as long as it holds
// pointers to Gloo's objects and nothing else: no function, no virtual table, no type information of its own.
test.each(['_ZN4gloo', '_ZNK4gloo', '_ZTVN4gloo', '_ZTIN4gloo', '_ZTSN4gloo'])(
  'the addon neither defines nor calls what begins with %s',
  async name => {
    const { file } = nativeStatus();
    expect(await mentions(file!, '_ZN4c10d16ProcessGroupGlooC1E')).toBe(true);
    expect(await mentions(file!, name)).toBe(false);
  },
);
