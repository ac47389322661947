import { expect, test } from 'vitest';
import { declaredParameters, initialValues } from './parameter-scope';
import { ParameterTree, parameterCount } from './parameter-tree';
import { Random } from './random';

test('parameters keep their order, and a name stands once', () => {
  const tree = new ParameterTree<number>().add('b.weight', 1).add('a.weight', 2);
  expect(tree.names()).toEqual(['b.weight', 'a.weight']);
  expect(() => tree.add('a.weight', 3)).toThrow(/declared twice/);
  expect(() => tree.add('a..weight', 3)).toThrow(/not a parameter name/);
  expect(() => tree.get('c')).toThrow(/no parameter "c"/);
  expect([...tree.map(value => value * 10)]).toEqual([
    ['b.weight', 10],
    ['a.weight', 20],
  ]);
});

test('parameters are counted without being allocated', () => {
  const specs = declaredParameters(scope => {
    const block = scope.scope('block');
    block.param('weight', [50_000, 50_000], { kind: 'normal', std: 0.02 });
    block.param('bias', [50_000], { kind: 'zeros' });
  });
  expect(parameterCount(specs)).toBe(50_000 * 50_001);
  expect(specs.names()).toEqual(['block.weight', 'block.bias']);
});

test('initial values depend on the seed and the full name only', () => {
  const spec = { shape: [64], init: { kind: 'truncated-normal', std: 0.02 } } as const;
  const seed = Random.fromSeed(1);
  const values = initialValues('a.weight', spec, seed);
  expect(initialValues('a.weight', spec, seed)).toEqual(values);
  expect(initialValues('b.weight', spec, seed)).not.toEqual(values);
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.04);
  expect([...initialValues('g', { shape: [2], init: { kind: 'ones' } }, seed)]).toEqual([1, 1]);
});
