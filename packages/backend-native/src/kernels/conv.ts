import * as tf from '@tensorflow/tfjs-core';
import type { Handle } from '../addon/interface';
import { operand, weight } from '../precision';
import { sameShape } from '../tensor-data';
import { kernel, type NativeBackend, type NativeKernel, type Of, type T } from './kernel';
import { type Activation, activate } from './matmul';
import { sliced } from './view';
import { channelsLast, channelsSecond, narrowed, type Window, widened, window2D, window3D } from './window';

/** A convolution as ATen sees it: `x [N, C, …]`, filters `[O, C / groups, …]`. */
interface Convolution {
  readonly window: Window;
  readonly groups: number;
  readonly channelsLast: boolean;
  /** Sizes of the input, as tfjs has them. */
  readonly inShape: readonly number[];
  readonly outShape: readonly number[];
}

interface Attrs2D {
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: [number, number] | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

function conv2D(inShape: readonly number[], filter: readonly number[], attrs: Attrs2D): Convolution {
  const format = tf.backend_util.convertConv2DDataFormat(attrs.dataFormat ?? 'NHWC');
  const info = tf.backend_util.computeConv2DInfo(
    ...([inShape as Shape4, filter as Shape4, attrs.strides, attrs.dilations ?? 1, attrs.pad] as const),
    ...([attrs.dimRoundingMode, false, format] as const),
  );
  const { outShape } = info;
  return { window: window2D(info), groups: 1, channelsLast: format === 'channelsLast', inShape, outShape };
}

function depthwise2D(inShape: readonly number[], filter: readonly number[], attrs: Attrs2D): Convolution {
  const dilations = attrs.dilations ?? [1, 1];
  tf.util.assert(
    tf.backend_util.eitherStridesOrDilationsAreOne(attrs.strides, dilations),
    () =>
      'Error in depthwiseConv2d: Either strides or dilations must be 1. ' +
      `Got strides ${attrs.strides} and dilations '${dilations}'`,
  );
  const info = tf.backend_util.computeConv2DInfo(
    ...([inShape as Shape4, filter as Shape4, attrs.strides, dilations, attrs.pad] as const),
    ...([attrs.dimRoundingMode, true] as const),
  );
  return {
    window: window2D(info),
    groups: inShape[3]!,
    channelsLast: true,
    inShape,
    outShape: info.outShape,
  };
}

function conv3D(
  inShape: readonly number[],
  filter: readonly number[],
  { strides, pad, dilations }: Partial<tf.Conv3DAttrs>,
): Convolution {
  const info = tf.backend_util.computeConv3DInfo(
    ...([inShape as Shape5, filter as Shape5, strides!, dilations ?? 1, pad!] as const),
  );
  return { window: window3D(info), groups: 1, channelsLast: true, inShape, outShape: info.outShape };
}

/** The input in ATen's order of axes. */
function channels(b: NativeBackend, x: Handle, { channelsLast: last, inShape }: Convolution): Handle {
  return last ? channelsSecond(b, x, inShape.length) : x;
}

function back(b: NativeBackend, y: Handle, { channelsLast: last, inShape }: Convolution): Handle {
  return last ? channelsLast(b, y, inShape.length) : y;
}

/** tfjs's filters `[…, in, out]` as ATen's `[out, in, …]`; depthwise ones `[…, in, times]` as `[in · times, 1, …]`. */
function filters(
  b: NativeBackend,
  filter: Handle,
  shape: readonly number[],
  { groups }: Convolution,
): Handle {
  const rank = shape.length;
  if (groups === 1) return b.op('permute', filter, rank === 4 ? [3, 2, 0, 1] : [4, 3, 0, 1, 2]);
  const [height, width, channels, times] = shape as Shape4;
  return b.op('reshape', b.op('permute', filter, [2, 3, 0, 1]), [channels * times, 1, height, width]);
}

/** The shape that `filters` gives. */
function filtersShape(shape: readonly number[], { groups }: Convolution): readonly number[] {
  const channelsIn = shape[shape.length - 2]!;
  const channelsOut = shape[shape.length - 1]!;
  const spatial = shape.slice(0, -2);
  return groups === 1 ? [channelsOut, channelsIn, ...spatial] : [channelsIn * channelsOut, 1, ...spatial];
}

/** The way back for the gradient of the filters. */
function filtersBack(
  b: NativeBackend,
  filter: Handle,
  shape: readonly number[],
  { groups }: Convolution,
): Handle {
  if (groups === 1) return b.op('permute', filter, shape.length === 4 ? [2, 3, 1, 0] : [2, 3, 4, 1, 0]);
  const [height, width, channels, times] = shape as Shape4;
  return b.op('permute', b.op('view', filter, [channels, times, height, width]), [2, 3, 0, 1]);
}

function forward(b: NativeBackend, x: T, filter: T, bias: Handle | null, conv: Convolution): Handle {
  const { window, groups } = conv;
  const input = widened(b, channels(b, operand(b, x), conv), window, 0);
  const weights = filters(b, weight(b, filter), filter.shape, conv);
  const none = window.stride.map(() => 0);
  const y = b.op(
    'convolution',
    ...([input, weights, bias, window.stride, window.padding, window.dilation, false, none, groups] as const),
  );
  return back(b, y, conv);
}

/** One of the gradients: of the input (`which` 0) or of the filters (1). */
function backward(
  b: NativeBackend,
  dy: Handle,
  x: Handle,
  w: Handle,
  which: 0 | 1,
  conv: Convolution,
): Handle {
  const { stride, padding, dilation } = conv.window;
  const none = stride.map(() => 0);
  const gradients = b.ops(
    'convolution_backward',
    ...([dy, x, w, null, stride, padding, dilation, false, none, conv.groups] as const),
    [which === 0, which === 1, false],
  );
  return gradients[which]!;
}

/** Memory for a shape that an operator only looks at, in the type of `like`. */
function placeholder(b: NativeBackend, shape: readonly number[], like: Handle): Handle {
  return b.op('empty.memory_format', shape, b.addon.dtype(like), null, b.device);
}

/** The first rows and columns of a gradient that is larger than what the convolution gives: tfjs reads no others. */
function firstOf(b: NativeBackend, dy: Handle, given: readonly number[], shape: readonly number[]): Handle {
  return sameShape(given, shape)
    ? dy
    : sliced(
        b,
        dy,
        given,
        shape.map(() => 0),
        shape,
      );
}

function inputGradient(b: NativeBackend, dy: T, filter: T, conv: Convolution): T {
  const { before, after } = conv.window;
  const spatial = conv.channelsLast ? 1 : 2;
  const shape = conv.inShape.map((extent, axis) => {
    const i = axis - spatial;
    return i >= 0 && i < before.length ? extent + before[i]! + after[i]! : extent;
  });
  const gradient = channels(b, firstOf(b, operand(b, dy), dy.shape, conv.outShape), conv);
  const x = channels(b, placeholder(b, shape, gradient), conv);
  const weights = filters(b, weight(b, filter), filter.shape, conv);
  const dx = backward(b, gradient, x, weights, 0, conv);
  return b.output(back(b, narrowed(b, dx, conv.window), conv), conv.inShape, 'float32');
}

function filterGradient(b: NativeBackend, x: T, dy: T, filterShape: readonly number[], conv: Convolution): T {
  const gradient = channels(b, operand(b, dy), conv);
  const input = widened(b, channels(b, operand(b, x), conv), conv.window, 0);
  // Contiguous, as ATen gives the gradient the same layout and one of its convolutions insists on that.
  const weights = placeholder(b, filtersShape(filterShape, conv), gradient);
  const dw = backward(b, gradient, input, weights, 1, conv);
  return b.output(filtersBack(b, dw, filterShape, conv), filterShape, 'float32');
}

type FusedInputs = Of<'x' | 'filter'> & { bias?: T; preluActivationWeights?: T };

function fused(kernelName: string, geometry: typeof conv2D): NativeKernel {
  return kernel<FusedInputs, Attrs2D & Activation>(kernelName, (b, inputs, attrs) => {
    const { x, filter, bias, preluActivationWeights } = inputs;
    const conv = geometry(x.shape, filter.shape, attrs);
    const own =
      bias !== undefined &&
      bias.shape.length === 1 &&
      bias.shape[0] === conv.outShape[conv.channelsLast ? 3 : 1];
    const y = forward(b, x, filter, own ? weight(b, bias) : null, conv);
    if (bias && !own) b.op('add_.Tensor', y, b.input(bias));
    let weights = preluActivationWeights && b.input(preluActivationWeights);
    if (weights && !conv.channelsLast && preluActivationWeights!.shape.length === 1)
      weights = b.op('view', weights, [-1, 1, 1]);
    return b.output(activate(b, y, attrs, weights), conv.outShape, x.dtype);
  });
}

/** A kind of convolution: forward, and the gradients of its input and of its filters, which take the sizes as attributes. */
function plain<A>(
  [forwardName, inputName, filterName]: readonly [string, string, string],
  geometry: (inShape: readonly number[], filter: readonly number[], attrs: A) => Convolution,
): NativeKernel[] {
  return [
    kernel<Of<'x' | 'filter'>, A>(forwardName, (b, { x, filter }, attrs) => {
      const conv = geometry(x.shape, filter.shape, attrs);
      return b.output(forward(b, x, filter, null, conv), conv.outShape, x.dtype);
    }),
    kernel<Of<'dy' | 'filter'>, A & { inputShape: readonly number[] }>(
      inputName,
      (b, { dy, filter }, attrs) =>
        inputGradient(b, dy, filter, geometry(attrs.inputShape, filter.shape, attrs)),
    ),
    kernel<Of<'x' | 'dy'>, A & { filterShape: readonly number[] }>(filterName, (b, { x, dy }, attrs) =>
      filterGradient(b, x, dy, attrs.filterShape, geometry(x.shape, attrs.filterShape, attrs)),
    ),
  ];
}

export const convKernels: readonly NativeKernel[] = [
  ...plain(['Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'], conv2D),
  ...plain(
    ['DepthwiseConv2dNative', 'DepthwiseConv2dNativeBackpropInput', 'DepthwiseConv2dNativeBackpropFilter'],
    depthwise2D,
  ),
  ...plain(['Conv3D', 'Conv3DBackpropInputV2', 'Conv3DBackpropFilterV2'], conv3D),
  fused('FusedConv2D', conv2D),
  fused('FusedDepthwiseConv2D', depthwise2D),
];
