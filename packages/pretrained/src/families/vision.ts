import type { SimVlmConfig } from '@simvlm/model';
import type { ConfigObject } from '../config/config-object';
import { invalid } from '../invalid';
import { filters } from '../tensors/view';
import { layersOf, linearOf, normOf, same, type TensorPlace } from './family';

/** The options of the `vit` patcher that names and shapes follow from. */
export interface Vision {
  readonly patchSize: number;
  /** V */
  readonly width: number;
  readonly layers: number;
  readonly mlp: number;
  /** Tokens: the class token and the grid. */
  readonly places: number;
}

/** Of a model whose patcher is a `vit`. @throws CheckpointError for any other: it is no model that can be given back */
export function visionOf({ patcher, imageSize }: SimVlmConfig): Vision {
  const { kind, patchSize, width, layers, mlp } = patcher;
  if (kind !== 'vit') throw invalid(`the patcher "${kind}" is none of an imported model`);
  const side = Math.floor(imageSize / (patchSize as number));
  return { patchSize, width, layers, mlp, places: side * side + 1 } as Vision;
}

/** What the vision parts of all these models have in their configuration. */
export function visionConfig(config: ConfigObject, activation: string, epsilon: number) {
  config.mustBe('num_channels', 3);
  return {
    patchSize: config.integer('patch_size', 16),
    width: config.integer('hidden_size', 768),
    layers: config.integer('num_hidden_layers', 12, 1, 1000),
    heads: config.integer('num_attention_heads', 12),
    mlp: config.integer('intermediate_size', 3072),
    epsilon: config.number('layer_norm_eps', epsilon),
    activation: config.activation('hidden_act', activation),
  };
}

/** The filters that make patches of pixels. */
export function patchesOf(theirs: string, { patchSize: P, width: V }: Vision): TensorPlace {
  return {
    ours: 'patch.weight',
    theirs,
    shape: [P * P * 3, V],
    theirShape: [V, 3, P, P],
    view: filters(P, V),
  };
}

/** The class token and the positions, which PyTorch's parameters have with extents of 1 before them, and tables have not. */
export function classAndPositions(
  classToken: string,
  positions: string,
  { width: V, places: N }: Vision,
  before: { readonly classToken: readonly number[]; readonly positions: readonly number[] },
): TensorPlace[] {
  return [
    same('class_token', classToken, [V], [...before.classToken, V]),
    same('positions', positions, [N, V], [...before.positions, N, V]),
  ];
}

/** As parameters have them. */
export const PARAMETERS = { classToken: [1, 1], positions: [1] } as const;
/** As CLIP has them. */
export const TABLES = { classToken: [], positions: [] } as const;

/** Blocks with the norm before, whose norms and MLP are called as in CLIP. */
export function clipBlocks(
  { layers, width: V, mlp }: Vision,
  attention: readonly TensorPlace[],
): TensorPlace[] {
  return layersOf(layers, 'blocks', 'encoder.layers', [
    ...normOf('self.norm', 'layer_norm1', V),
    ...attention,
    ...normOf('mlp.norm', 'layer_norm2', V),
    ...linearOf('mlp.hidden', 'mlp.fc1', V, mlp),
    ...linearOf('mlp.out', 'mlp.fc2', mlp, V),
  ]);
}
