import {
  ConfigError,
  checkOptions,
  type JsonValue,
  type ParameterScope,
  type Patcher,
  type PatcherFactory,
  rule,
} from '@simvlm/core';
import { linearMap, through } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { bottleneck, type ResidualLayer } from './bottleneck';
import { convolution, type Layer, norm } from './layers';
import { linearPatcher } from './linear-patcher';

/** The stem of the conv stage. The paper's (our reading): 7×7 stride 2, then 3×3 max-pool stride 2. */
export interface StemOptions {
  readonly kernel: number;
  readonly stride: number;
  readonly channels: number;
  readonly pool: boolean;
}

/** A stage ("block" in the paper) of bottlenecks; the first of them carries the stride. */
export interface StageOptions {
  readonly blocks: number;
  readonly channels: number;
  readonly stride: number;
}

/** Options of the patcher `conv`. */
export interface ConvPatcherOptions {
  readonly stem: StemOptions;
  /** 0, 2, 3 or 4 of them; with none, linear patches of `patchSize`. */
  readonly stages: readonly StageOptions[];
  /** Groups of the group norms; default 32, lowered where it does not divide. */
  readonly groups?: number;
  /** Side of a patch in pixels when there are no stages; default 16. */
  readonly patchSize?: number;
}

/**
 * The conv stage of SimVLM (section 3.2 of the paper): the first stages of a ResNet, then a linear map of each place of the
 * last map to the model's width. Parameters: `stem.conv.weight`, `stem.norm.*`, `stage1.0.conv1.weight`, …, `out.*`.
 *
 * @throws ConfigError for unknown options and for sizes that do not divide
 */
export const convPatcher: PatcherFactory<tf.Tensor, tf.Tensor> = (options, context) => {
  const { stem, stages, groups = 32, patchSize = 16 } = checked(options);
  if (stages.length === 0) return linearPatcher({ patchSize }, context);
  const { imageSize, width, params } = context;
  const side = gridSide(imageSize, stem, stages);
  const first = stemLayers(params.scope('stem'), stem, groups);
  const blocks: ResidualLayer[] = [];
  let from = stem.channels;
  for (const [i, stage] of stages.entries()) {
    for (let block = 0; block < stage.blocks; block++) {
      const scope = params.scope(`stage${i + 1}.${block}`);
      blocks.push(
        bottleneck(scope, { from, to: stage.channels, stride: block === 0 ? stage.stride : 1, groups }),
      );
      from = stage.channels;
    }
  }
  const map = linearMap(params.scope('out'), {
    inputs: from,
    outputs: width,
    init: { kind: 'truncated-normal', std: Math.sqrt(1 / from) },
  });
  return {
    grid: { height: side, width: side },
    residualBlocks: blocks.length,
    patch: (images, drop) =>
      tf.tidy(() => {
        const residual = blocks.map(
          (block, i): Layer =>
            x =>
              block(x, drop && (branch => drop(branch, i) as tf.Tensor4D)),
        );
        const maps = through(images as tf.Tensor4D, [...first, ...residual]);
        return map(tf.reshape(maps, [images.shape[0]!, side * side, from]));
      }),
  } satisfies Patcher<tf.Tensor>;
};

function stemLayers(scope: ParameterScope<tf.Tensor>, stem: StemOptions, groups: number): Layer[] {
  const conv = convolution(scope.scope('conv'), {
    kernel: stem.kernel,
    stride: stem.stride,
    from: 3,
    to: stem.channels,
  });
  const normed = norm(scope.scope('norm'), stem.channels, groups, 'relu');
  const pool: Layer = x => tf.maxPool(x, 3, 2, 'same');
  return stem.pool ? [conv, normed, pool] : [conv, normed];
}

function gridSide(imageSize: number, stem: StemOptions, stages: readonly StageOptions[]): number {
  const stride = stages.reduce((product, stage) => product * stage.stride, stem.stride * (stem.pool ? 2 : 1));
  if (imageSize % stride !== 0) {
    throw new ConfigError(
      'CONFIG_INVALID',
      `conv patcher: a total stride of ${stride} does not divide the image side ${imageSize}`,
    );
  }
  return imageSize / stride;
}

function checked(options: Readonly<Record<string, JsonValue>>): ConvPatcherOptions {
  checkOptions('conv patcher', options, {
    stem: rule.object,
    stages: rule.array,
    groups: rule.integer(1),
    patchSize: rule.integer(1, 4096),
  });
  const { stem = { kernel: 7, stride: 2, channels: 64, pool: true }, stages = [] } = options as {
    stem?: object;
    stages?: object[];
  };
  checkOptions('conv patcher: stem', stem, {
    kernel: rule.integer(1, 31),
    stride: rule.integer(1, 16),
    channels: rule.integer(1, 65_536),
    pool: rule.boolean,
  });
  complete('conv patcher: stem', stem, ['kernel', 'stride', 'channels', 'pool']);
  if (![0, 2, 3, 4].includes(stages.length)) {
    throw new ConfigError(
      'CONFIG_INVALID',
      `conv patcher: stages must be 0, 2, 3 or 4, got ${stages.length}`,
    );
  }
  for (const [i, stage] of stages.entries()) {
    if (!rule.object.accepts(stage))
      throw new ConfigError('CONFIG_INVALID', `conv patcher: stages[${i}] must be an object`);
    checkOptions(`conv patcher: stages[${i}]`, stage, {
      blocks: rule.integer(1, 1000),
      channels: rule.integer(4, 65_536),
      stride: rule.integer(1, 16),
    });
    complete(`conv patcher: stages[${i}]`, stage, ['blocks', 'channels', 'stride']);
  }
  return { ...options, stem, stages } as unknown as ConvPatcherOptions;
}

/** A stem or a stage has no defaults: half of one is a slip. */
function complete(where: string, options: object, keys: readonly string[]): void {
  for (const key of keys) {
    if ((options as Record<string, unknown>)[key] === undefined)
      throw new ConfigError('CONFIG_INVALID', `${where}: "${key}" is missing`);
  }
}
