/**
 * The Euclidean norm over a list of tensors, for clipping (Pascanu et al., 2013): sums of squares of segments, several tensors a launch,
 * then the root of the sum of those.
 *
 *     tensors    ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓  ▓▓▓  ▓▓▓▓▓▓▓▓▓▓▓        a launch binds as many as the device allows, less one
 *     segments   ╰─8192─╯╰─8192─╯╰╯  ╰─╯  ╰─8192─╯╰─╯        a workgroup each
 *                    ▪       ▪   ▪    ▪       ▪    ▪    ─►   one workgroup: √Σ
 */
import { fusedKernel } from '@simvlm/ops';
import { folded } from '../program';
import { IS_NAN } from '../wgsl';
import { kernel, type SimVlmWebGpuBackend, sizeOf, type T, type WebGpuKernel } from './kernel';
import { reducing, workgroupSum } from './reduce';

const THREADS = 256;
/** A thread adds 32 squares, four and four: few enough that equal numbers keep their digits. */
const SEGMENT = 32 * THREADS;

const programs = new Map<number, ReturnType<typeof reducing>>();

/** Squares of `count` tensors: `sizeN` their sizes, `endN` the number of segments up to and with tensor N. */
function squares(count: number): ReturnType<typeof reducing> {
  const known = programs.get(count);
  if (known) return known;
  const slots = Array.from({ length: count }, (_, i) => i);
  const made = reducing(subgroups => ({
    key: `global-norm-squares-${count}`,
    reads: Object.fromEntries(slots.map(i => [`x${i}`, 'f32' as const])),
    writes: { partials: 'f32' },
    uniforms: ['first', ...slots.flatMap(i => [`size${i}`, `end${i}`])],
    workgroup: [THREADS, 1, 1],
    code: () => `
${workgroupSum(THREADS, subgroups)}
fn square(x: f32) -> f32 { return x * x; }
${slots.map(squaresOf).join('\n')}
fn main(group: vec3<u32>, segment: u32, local: vec3<u32>) {
  if (segment >= u.end${count - 1}) { return; }
  var sum = 0.0;
  ${slots
    .map(i => `if (segment < u.end${i}) { sum = squares${i}(segment${i === 0 ? '' : ` - u.end${i - 1}`}); }`)
    .join('\n  else ')}
  let all = workgroupSum(sum);
  if (lane == 0) { partials[u.first + segment] = all; }
}`,
  }));
  programs.set(count, made);
  return made;
}

function squaresOf(slot: number): string {
  const at = (k: number): string => `square(x${slot}[i + ${k * THREADS}])`;
  return `
fn squares${slot}(segment: u32) -> f32 {
  let end = min((segment + 1) * ${SEGMENT}, u.size${slot});
  var sum = 0.0;
  var i = segment * ${SEGMENT} + lane;
  for (; i + ${3 * THREADS} < end; i += ${4 * THREADS}) { sum += (${at(0)} + ${at(1)}) + (${at(2)} + ${at(3)}); }
  for (; i < end; i += ${THREADS}) { sum += ${at(0)}; }
  return sum;
}`;
}

const root = reducing(subgroups => ({
  key: 'global-norm-root',
  reads: { partials: 'f32' },
  writes: { norm: 'f32' },
  uniforms: ['count'],
  workgroup: [THREADS, 1, 1],
  code: () => `
${workgroupSum(THREADS, subgroups)}
${IS_NAN}
fn main(group: vec3<u32>, index: u32, local: vec3<u32>) {
  var sum = 0.0;
  for (var i = lane; i < u.count; i += ${THREADS}) { sum += partials[i]; }
  let all = workgroupSum(sum);
  if (lane == 0) { norm[0] = select(sqrt(all), all, isNan(all)); }
}`,
}));

export const globalNorm: WebGpuKernel = kernel<readonly T[]>(fusedKernel.globalNorm, (b, inputs) => {
  // tfjs hands a list over as it is or as an object with the keys '0', '1', …
  const tensors = Object.values(inputs).filter(({ shape }) => sizeOf(shape) > 0);
  const count = tensors.reduce((sum, tensor) => sum + segmentsOf(tensor), 0);
  const partials = b.make([count], 'float32');
  const most = b.device.limits.maxStorageBuffersPerShaderStage - 1;
  let first = 0;
  for (let i = 0; i < tensors.length; i += most)
    first += launchSquares(b, tensors.slice(i, i + most), most, partials, first);
  const norm = b.make([], 'float32');
  b.launch({
    ...{ program: root(b), inputs: [partials], outputs: [norm] },
    uniforms: { count },
    groups: [1, 1, 1],
  });
  b.disposeData(partials.dataId);
  return norm;
});

/** @returns how many segments these tensors have */
function launchSquares(
  b: SimVlmWebGpuBackend,
  tensors: readonly T[],
  slots: number,
  partials: T,
  first: number,
): number {
  const uniforms: Record<string, number> = { first };
  let segments = 0;
  // Slots that are left over have no segments, so that one program does for all lists.
  const inputs = Array.from({ length: slots }, (_, i) => tensors[i] ?? tensors[0]!);
  for (let i = 0; i < slots; i++) {
    const tensor = tensors[i];
    if (tensor) segments += segmentsOf(tensor);
    uniforms[`size${i}`] = tensor ? sizeOf(tensor.shape) : 0;
    uniforms[`end${i}`] = segments;
  }
  b.launch({
    ...{ program: squares(slots)(b), inputs, outputs: [partials], uniforms },
    groups: folded(segments, b.device.limits.maxComputeWorkgroupsPerDimension),
  });
  return segments;
}

function segmentsOf({ shape }: T): number {
  return Math.ceil(sizeOf(shape) / SEGMENT);
}
