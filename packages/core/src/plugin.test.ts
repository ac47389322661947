import { expect, test } from 'vitest';
import { checkOptions, rule } from './options';
import { Registry } from './plugin';

const objective =
  () =>
  (_: unknown, { tokens }: { tokens: Int32Array }) => ({ tokens, prefixLength: 0 });

test('what a plug-in registers is found by kind and name', () => {
  const registry = new Registry().use({
    name: 'mine',
    setup: r => r.register('objective', 'captioning', objective),
  });
  expect(registry.get('objective', 'captioning')).toBe(objective);
  expect(registry.names('objective')).toEqual(['captioning']);
});

test('a taken name and an unknown name are refused by name', () => {
  const registry = new Registry().use({
    name: 'mine',
    setup: r => r.register('objective', 'captioning', objective),
  });
  expect(() => registry.register('objective', 'captioning', objective)).toThrow('already registered by mine');
  expect(() => registry.get('objective', 'lm')).toThrow('no objective "lm"; registered: captioning');
  expect(() => registry.use({ name: 'mine', setup: () => {} })).toThrow('already in use');
});

test('an unknown option and a wrong value are refused with what is allowed', () => {
  const rules = { width: rule.integer(1, 4096), mode: rule.oneOf('a', 'b') };
  expect(() => checkOptions('model config', { widht: 3 }, rules)).toThrow(
    'model config: unknown key "widht"; allowed: width, mode',
  );
  expect(() => checkOptions('model config', { width: 1.5 }, rules)).toThrow(
    '"width" must be an integer from 1 to 4096, got 1.5',
  );
  expect(() => checkOptions('model config', { mode: 'c' }, rules)).toThrow(
    '"mode" must be one of a, b, got "c"',
  );
  checkOptions('model config', { width: undefined, mode: 'a' }, rules);
});
