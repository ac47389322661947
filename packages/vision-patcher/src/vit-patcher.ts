import { type BlockForm, norm, selfBlock } from '@simvlm/attention';
import {
  ConfigError,
  checkOptions,
  type JsonValue,
  type ParameterScope,
  type Patcher,
  type PatcherFactory,
  rule,
} from '@simvlm/core';
import { collecting, linearMap, through } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { cutPatches, patchSide } from './patches';

/** Options of the patcher `vit`. */
export interface VitOptions extends Pick<BlockForm, 'epsilon' | 'activation'> {
  /** Side of a patch in pixels. */
  readonly patchSize: number;
  /** V */
  readonly width: number;
  readonly layers: number;
  /** They divide V. */
  readonly heads: number;
  /** Width of the hidden layer of each MLP. */
  readonly mlp: number;
  /** Whether the map from pixels to a token has a bias; default true. CLIP's has none. */
  readonly patchBias?: boolean;
  /** A layer norm before the first block, as in CLIP; default false. */
  readonly normBefore?: boolean;
  /** A layer norm behind the last block; default true. */
  readonly normAfter?: boolean;
  /** How tokens of width V come to the model's width D: not at all, by a linear map, or by one with a layer norm; default `none`. */
  readonly projection?: 'none' | 'linear' | 'linear-norm';
}

type Scope = ParameterScope<tf.Tensor>;

/** Every weight but those of norms begins as in the paper's code. */
const init = { kind: 'truncated-normal', std: 0.02 } as const;

/**
 * A vision Transformer (Dosovitskiy et al., 2021, section 3.1): a class token and the patches of the image, learned positions, pre-norm blocks
 * in which everyone sees everyone. All tokens are kept, the class token first. Legend: `P` patch side, `V` its width, `D` the model's, `I` block.
 *
 * ```
 * patch.weight [P · P · 3, V] (pixels row-major, then colour), patch.bias [V]     class_token [V]     positions [1 + grid, V]
 * norm_before.*     blocks.I.* as `selfBlock` declares them     norm_after.*     out.weight [V, D], out.bias [D]     out_norm.*
 * ```
 *
 * @throws ConfigError for unknown or missing options, for patches that do not fill the image and for heads that do not divide V
 */
export const vitPatcher: PatcherFactory<tf.Tensor, tf.Tensor> = (
  given,
  { imageSize, width: modelWidth, params },
) => {
  const options = checked(given);
  const { patchSize, width, layers, epsilon, projection = 'none' } = options;
  const side = patchSide('vit patcher', imageSize, patchSize);
  const tokens = 1 + side * side;
  const embed = embedding(params, options, tokens);
  const maybeNorm = (name: string, isThere: boolean) =>
    isThere ? [norm(params.scope(name), width, epsilon)] : [];
  const first = maybeNorm('norm_before', options.normBefore ?? false);
  const blocks = Array.from({ length: layers }, (_, i) => {
    const own: tf.Tensor[] = [];
    return { block: selfBlock(collecting(params.scope(`blocks.${i}`), own), options), params: own };
  });
  const last = maybeNorm('norm_after', options.normAfter ?? true);
  const project = projected(params, options, modelWidth);
  return {
    grid: { height: side, width: side },
    extraTokens: 1,
    width: projection === 'none' ? width : modelWidth,
    residualBlocks: layers,
    patch: (images, drop, pass = (f, x) => f(x, drop)) =>
      tf.tidy(() => {
        const run = blocks.map(({ block, params }, i) => {
          const f = (x: tf.Tensor, left?: typeof drop) => {
            const all = tf.fill([x.shape[0]!], tokens, 'int32');
            const mask = { keyLengths: all, prefixLengths: all };
            return block.run(x, mask, false, left && ((branch, name) => left(branch, i, name)));
          };
          return (x: tf.Tensor) => pass(f, x, params);
        });
        return through(embed(images), [...first, ...run, ...last, ...project]);
      }),
  } satisfies Patcher<tf.Tensor>;
};

/** Class token and patches with their positions: `float32[B, S, S, 3]` → `[B, N, V]`. */
function embedding(params: Scope, { patchSize, width, patchBias = true }: VitOptions, tokens: number) {
  const inputs = patchSize * patchSize * 3;
  const map = linearMap(params.scope('patch'), { inputs, outputs: width, init, bias: patchBias });
  const classToken = params.param('class_token', [width], init);
  const positions = params.param('positions', [tokens, width], init);
  return (images: tf.Tensor) => {
    const patches = map(cutPatches(images, patchSize));
    const classes = tf.tile(tf.reshape(classToken, [1, 1, width]), [images.shape[0]!, 1, 1]);
    return tf.add(tf.concat([classes, patches], 1), positions) as tf.Tensor;
  };
}

function projected(params: Scope, { width, epsilon, projection = 'none' }: VitOptions, outputs: number) {
  if (projection === 'none') return [];
  const map = linearMap(params.scope('out'), { inputs: width, outputs, init });
  return projection === 'linear' ? [map] : [map, norm(params.scope('out_norm'), outputs, epsilon)];
}

function checked(options: Readonly<Record<string, JsonValue>>): VitOptions {
  checkOptions('vit patcher', options, {
    patchSize: rule.integer(1, 4096),
    width: rule.integer(1, 65_536),
    layers: rule.integer(1, 1000),
    heads: rule.integer(1, 1024),
    mlp: rule.integer(1, 1_000_000),
    epsilon: rule.number(0, 1),
    activation: rule.oneOf('none', 'gelu', 'gelu-erf', 'quick-gelu'),
    patchBias: rule.boolean,
    normBefore: rule.boolean,
    normAfter: rule.boolean,
    projection: rule.oneOf('none', 'linear', 'linear-norm'),
  });
  for (const key of ['patchSize', 'width', 'layers', 'heads', 'mlp'])
    if (options[key] === undefined)
      throw new ConfigError('CONFIG_INVALID', `vit patcher: "${key}" is missing`);
  return options as unknown as VitOptions;
}
