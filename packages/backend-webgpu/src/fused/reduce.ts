/**
 * Sums and maxima over the threads of a workgroup, whose result every thread gets.
 *
 *     plain                                 with subgroups
 *     8 values   ▪ ▪ ▪ ▪ ▪ ▪ ▪ ▪            ▪ ▪ ▪ ▪ │ ▪ ▪ ▪ ▪    one instruction adds over a subgroup
 *     halved     ▪ ▪ ▪ ▪     + barrier      ▪ 0 0 0 │ ▪ 0 0 0    its sum stands at one of its threads, + barrier
 *     halved     ▪ ▪         + barrier      ▪ ▪ ▪ ▪ │ ▪ ▪ ▪ ▪    each subgroup adds up what stands there, once more by the
 *     halved     ▪           + barrier                           instruction
 *
 * Sizes of subgroups differ (4 in software, 8 to 128 on GPUs), and nothing says which threads form one: a thread counts who
 * comes before it, and the rest follows from that.
 */
import type { SimVlmWebGpuBackend } from '../backend';
import type { Program } from '../program';

/** How values are combined: WGSL. */
interface Operation {
  /** Of the function and, with an `s`, of its memory. */
  readonly name: string;
  readonly neutral: string;
  readonly combine: (a: string, b: string) => string;
  readonly subgroup: string;
}

const sum: Operation = {
  name: 'workgroupSum',
  neutral: '0.0',
  combine: (a, b) => `${a} + ${b}`,
  subgroup: 'subgroupAdd',
};

const max: Operation = {
  name: 'workgroupMax',
  // WGSL has no literal for −∞.
  neutral: '-3.4028234e38',
  combine: (a, b) => `max(${a}, ${b})`,
  subgroup: 'subgroupMax',
};

/**
 * `workgroupSum(value)`: the sum of a value of each thread, given to every thread. To be called by all threads.
 *
 * @param threads of the workgroup: a power of 2
 * @param subgroups whether the program enables them
 */
export function workgroupSum(threads: number, subgroups = false): string {
  return reduction(sum, threads, subgroups);
}

/** `workgroupMax(value)`: the largest of the values of all threads, at least −3.4e38; a NaN may be passed over. */
export function workgroupMax(threads: number, subgroups = false): string {
  return reduction(max, threads, subgroups);
}

/** A program in two forms, with and without subgroups, of which each launch takes the one that its backend allows. */
export function reducing(
  make: (subgroups: boolean) => Program,
): (b: Pick<SimVlmWebGpuBackend, 'subgroups'>) => Program {
  const plain = make(false);
  const program = make(true);
  const fast: Program = { ...program, key: `${program.key}, subgroups`, enable: ['subgroups'] };
  return ({ subgroups }) => (subgroups ? fast : plain);
}

function reduction(operation: Operation, threads: number, subgroups: boolean): string {
  return subgroups ? bySubgroups(operation, threads) : byTree(operation, threads);
}

function byTree({ name, combine }: Operation, threads: number): string {
  return `
var<workgroup> ${name}s: array<f32, ${threads}>;
fn ${name}(value: f32) -> f32 {
  ${name}s[lane] = value;
  workgroupBarrier();
  for (var half = ${threads / 2}u; half > 0; half /= 2) {
    if (lane < half) { ${name}s[lane] = ${combine(`${name}s[lane]`, `${name}s[lane + half]`)}; }
    workgroupBarrier();
  }
  let all = ${name}s[0];
  // Before anyone writes the next value.
  workgroupBarrier();
  return all;
}`;
}

function bySubgroups({ name, neutral, combine, subgroup }: Operation, threads: number): string {
  return `
var<workgroup> ${name}s: array<f32, ${threads}>;
fn ${name}(value: f32) -> f32 {
  let own = ${subgroup}(value);
  ${name}s[lane] = select(${neutral}, own, subgroupElect());
  workgroupBarrier();
  let size = subgroupAdd(1u);
  var part = ${neutral};
  for (var i = subgroupExclusiveAdd(1u); i < ${threads}; i += size) { part = ${combine('part', `${name}s[i]`)}; }
  let all = ${subgroup}(part);
  // Before anyone writes the next value.
  workgroupBarrier();
  return all;
}`;
}
