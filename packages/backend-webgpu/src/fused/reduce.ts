/**
 * `workgroupSum(value)`: the sum of a value of each thread, given to every thread; by a tree in workgroup memory.
 *
 * @param threads of the workgroup: a power of 2
 */
export function workgroupSum(threads: number): string {
  return `
var<workgroup> partialSums: array<f32, ${threads}>;
fn workgroupSum(value: f32) -> f32 {
  partialSums[lane] = value;
  workgroupBarrier();
  for (var half = ${threads / 2}u; half > 0; half /= 2) {
    if (lane < half) { partialSums[lane] += partialSums[lane + half]; }
    workgroupBarrier();
  }
  let sum = partialSums[0];
  // Before anyone writes the next value.
  workgroupBarrier();
  return sum;
}`;
}
