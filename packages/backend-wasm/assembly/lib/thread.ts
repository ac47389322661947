/** Each thread has an instance of the module, hence a value of its own here. */
let scratch: usize = 0;

/** 256 bytes, aligned to 64, that only this thread uses. What they hold does not outlive a kernel. */
// @ts-ignore: decorator
@inline
export function threadScratch(): usize {
  return scratch;
}

export function setScratch(at: usize): void {
  scratch = at;
}
