/** The address of float32 (or int32) number `index` after `base`. */
// @ts-ignore: decorator
@inline
export function at(base: usize, index: i32): usize {
  return base + (<usize>index << 2);
}

/** Sets `count` float32 numbers to 0. */
// @ts-ignore: decorator
@inline
export function clear(base: usize, count: i32): void {
  memory.fill(base, 0, <usize>count << 2);
}
