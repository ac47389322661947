import { expect, test } from 'vitest';
import { kinds } from '../../test/kinds';
import { tinyConfig } from '../../test/tiny';
import { modelParameters } from '../simvlm';
import { blocksAbove } from './blocks-above';

function above(architecture: 'encoder-decoder' | 'decoder-only', layers: number) {
  return blocksAbove(modelParameters(tinyConfig({ architecture, layers })).names());
}

test('the decoder lies over the encoder, and that over what makes tokens', () => {
  const count = above('encoder-decoder', 2);
  expect(
    [
      'decoder.norm.gamma',
      'decoder.1.mlp.out.weight',
      'decoder.0.cross.key.bias',
      'encoder.norm.beta',
      'encoder.1.self.relative_bias',
      'encoder.0.self.norm.gamma',
      'embedding.weight',
      'positions.text',
      'patcher.out.bias',
    ].map(count),
  ).toEqual([0, 1, 2, 3, 3, 4, 5, 5, 5]);
});

test('decoder-only has one stack; what is no part of the model, a head, is at the top', () => {
  const count = above('decoder-only', 3);
  expect(count('decoder.2.self.query.weight')).toBe(1);
  expect(count('decoder.0.self.query.weight')).toBe(3);
  expect(count('embedding.weight')).toBe(4);
  expect(blocksAbove(['decoder.11.mlp.out.bias', 'head.weight'])('head.weight')).toBe(0);
});

test('a vision Transformer lies below the blocks that read its tokens, and text is embedded above it', () => {
  const count = blocksAbove(modelParameters(tinyConfig(kinds.GIT)).names());
  expect(
    [
      'head.weight',
      'decoder.0.self.query.weight',
      'embedding.norm.gamma',
      'patcher.out_norm.beta',
      'patcher.blocks.1.mlp.out.weight',
      'patcher.blocks.0.self.norm.gamma',
      'patcher.norm_before.gamma',
      'patcher.class_token',
    ].map(count),
  ).toEqual([0, 2, 3, 3, 3, 4, 5, 5]);
});

test('a question has embeddings of its own below its encoder, and the answer has those below the decoder', () => {
  const count = blocksAbove(modelParameters(tinyConfig(kinds['BLIP VQA'])).names());
  expect(
    ['embedding.weight', 'encoder.1.cross.out.bias', 'encoder.positions.text', 'patcher.positions'].map(
      count,
    ),
  ).toEqual([3, 3, 5, 7]);
});
