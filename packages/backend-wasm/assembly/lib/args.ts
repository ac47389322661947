/**
 * Every kernel is `name(args, begin, end)`: `args` points to 4-byte slots that the caller wrote, and the kernel
 * does items `begin … end − 1` of its job.
 */

// @ts-ignore: decorator
@inline
export function int(args: usize, slot: i32): i32 {
  return load<i32>(args + ((<usize>slot) << 2));
}

// @ts-ignore: decorator
@inline
export function ptr(args: usize, slot: i32): usize {
  return <usize>load<u32>(args + ((<usize>slot) << 2));
}

// @ts-ignore: decorator
@inline
export function float(args: usize, slot: i32): f32 {
  return load<f32>(args + ((<usize>slot) << 2));
}
