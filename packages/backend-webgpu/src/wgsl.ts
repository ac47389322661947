/** Pieces of WGSL that several kernels need. */

/**
 * `isNan(x)`: compilers may take for granted that no number is NaN, and then drop `x != x`, and functions such as `log` may give any
 * number for one. The bits tell.
 */
export const IS_NAN = `
fn isNan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }`;
