import type * as tf from '@tensorflow/tfjs-core';
import type { Handle } from '../addon/interface';
import type { NativeBackend } from './kernel';

/** How a window moves over the spatial axes (two, or three for volumes), in ATen's terms. */
export interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** What ATen's operator pads by itself, on both sides alike. */
  readonly padding: readonly number[];
  /** What must be added before and after, where ATen's own padding does not do: all zeros where it does. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly isPadded: boolean;
  /** Sizes of the input and of the output. */
  readonly extent: readonly number[];
  readonly out: readonly number[];
}

type Info2D = ReturnType<typeof tf.backend_util.computeConv2DInfo>;
type Info3D = ReturnType<typeof tf.backend_util.computeConv3DInfo>;

export function window2D(info: Info2D): Window {
  const { padInfo } = info;
  return windowOf(
    [info.inHeight, info.inWidth],
    [info.outHeight, info.outWidth],
    [info.filterHeight, info.filterWidth],
    [info.strideHeight, info.strideWidth],
    [info.dilationHeight, info.dilationWidth],
    [padInfo.top, padInfo.left],
  );
}

export function window3D(info: Info3D): Window {
  const { padInfo } = info;
  return windowOf(
    [info.inDepth, info.inHeight, info.inWidth],
    [info.outDepth, info.outHeight, info.outWidth],
    [info.filterDepth, info.filterHeight, info.filterWidth],
    [info.strideDepth, info.strideHeight, info.strideWidth],
    [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    [padInfo.front, padInfo.top, padInfo.left],
  );
}

function windowOf(
  extent: number[],
  out: number[],
  kernel: number[],
  stride: number[],
  dilation: number[],
  before: number[],
): Window {
  const zeros = extent.map(() => 0);
  const reach = kernel.map((size, i) => (size - 1) * dilation[i]! + 1);
  // The same padding on both sides does when it gives as many outputs: what is too much behind is never reached.
  const fits = extent.every(
    (size, i) => Math.floor((size + 2 * before[i]! - reach[i]!) / stride[i]!) + 1 === out[i],
  );
  const base = { kernel, stride, dilation, extent, out };
  if (fits) return { ...base, padding: before, before: zeros, after: zeros, isPadded: false };
  const after = extent.map((size, i) =>
    Math.max(0, (out[i]! - 1) * stride[i]! + reach[i]! - size - before[i]!),
  );
  return { ...base, padding: zeros, before, after, isPadded: true };
}

/**
 * The same window for a pool: one whose last row runs over the edge needs no copy, ATen cuts it off (`isCut`). More padding than half
 * of the kernel, which ATen's pools refuse, becomes explicit.
 */
export function poolable(window: Window): Window & { readonly isCut: boolean } {
  const { padding, before, isPadded, kernel, stride, extent } = window;
  const zeros = padding.map(() => 0);
  const isSmall = (pads: readonly number[]) => pads.every((pad, i) => pad * 2 <= kernel[i]!);
  if (!isPadded && isSmall(padding)) return { ...window, isCut: false };
  if (!isPadded)
    return { ...window, padding: zeros, before: padding, after: padding, isPadded: true, isCut: false };
  const cut = extent.map((size, i) => {
    const out = Math.ceil((size + 2 * before[i]! - kernel[i]!) / stride[i]!) + 1;
    return (out - 1) * stride[i]! >= size + before[i]! ? out - 1 : out;
  });
  if (isSmall(before) && cut.every((out, i) => out === window.out[i]))
    return { ...window, padding: before, before: zeros, after: zeros, isPadded: false, isCut: true };
  return { ...window, isCut: false };
}

/** `x [N, C, …]` with what the window needs around it. */
export function widened(
  b: NativeBackend,
  x: Handle,
  { before, after, isPadded }: Window,
  value: number,
): Handle {
  if (!isPadded) return x;
  const pads: number[] = [];
  for (let i = before.length - 1; i >= 0; i--) pads.push(before[i]!, after[i]!);
  return b.op('constant_pad_nd', x, pads, value);
}

/** The inner part of the gradient of a widened tensor. */
export function narrowed(b: NativeBackend, x: Handle, { before, extent, isPadded }: Window): Handle {
  if (!isPadded) return x;
  return extent.reduce((y, size, i) => b.op('slice.Tensor', y, i + 2, before[i]!, before[i]! + size, 1), x);
}

/** Channels last to channels second, a view: ATen takes it for the memory format `channels_last`. */
export function channelsSecond(b: NativeBackend, x: Handle, rank: number): Handle {
  return b.op('permute', x, rank === 4 ? [0, 3, 1, 2] : [0, 4, 1, 2, 3]);
}

/** The way back. */
export function channelsLast(b: NativeBackend, x: Handle, rank: number): Handle {
  return b.op('permute', x, rank === 4 ? [0, 2, 3, 1] : [0, 2, 3, 4, 1]);
}
