/** Copies `bytes` (a multiple of 4). Short runs are done here: `memory.copy` is a call out of the module. */
// @ts-ignore: decorator
@inline
export function copyBytes(to: usize, from: usize, bytes: usize): void {
  if (bytes > 1024) memory.copy(to, from, bytes);
  else {
    for (; bytes >= 16; bytes -= 16) {
      v128.store(to, v128.load(from));
      to += 16;
      from += 16;
    }
    for (; bytes > 0; bytes -= 4) {
      store<u32>(to, load<u32>(from));
      to += 4;
      from += 4;
    }
  }
}
