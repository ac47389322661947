/**
 * Group norm (Wu and He, 2018), with or without ReLU behind it: a workgroup for a group of a picture. `B` pictures of `P` pixels, `C`
 * channels, `G` groups of `S` = C / G channels.
 *
 *     pixel 0    c c c c ┊ c c c c ┊ c c c c       256 threads stride over the P · S numbers of a group: Σx, Σ(x − mean)², y
 *     pixel 1    c c c c ┊ c c c c ┊ c c c c
 *                group 0   group 1   group 2
 *
 * The gradient in three launches: sums over pixels for each channel and block of pixels (`column-sums.ts`); dx, whose two means over a
 * group are sums of those over the group's channels; and their sums over all pictures, the gradients of scale and shift.
 */
import { fusedKernel, type GroupNormAttrs } from '@simvlm/ops';
import { folded } from '../program';
import { launchPartials, launchTotals, partialColumnSums } from './column-sums';
import { kernel, type Of, type T, type WebGpuKernel } from './kernel';
import { reducing, workgroupSum } from './reduce';

const THREADS = 256;

/** `at(i)`: the place of number i of the group; `channel(i)`: its channel. */
const PLACES = `
fn channel(group: u32, i: u32) -> u32 { return group % u.G * u.S + i % u.S; }
fn at(group: u32, i: u32) -> u32 {
  return (group / u.G * u.P + i / u.S) * u.G * u.S + channel(group, i);
}`;

const forward = reducing(subgroups => ({
  key: 'group-norm',
  reads: { x: 'f32', gamma: 'f32', beta: 'f32' },
  writes: { y: 'f32', means: 'f32', rstds: 'f32' },
  uniforms: ['groups', 'P', 'G', 'S', 'relu', 'epsilonF'],
  workgroup: [THREADS, 1, 1],
  code: () => `
${workgroupSum(THREADS, subgroups)}
${PLACES}
fn main(_group: vec3<u32>, group: u32, local: vec3<u32>) {
  if (group >= u.groups) { return; }
  let count = u.P * u.S;
  var sum = 0.0;
  for (var i = lane; i < count; i += ${THREADS}) { sum += x[at(group, i)]; }
  let mean = workgroupSum(sum) / f32(count);
  var squares = 0.0;
  for (var i = lane; i < count; i += ${THREADS}) {
    let centred = x[at(group, i)] - mean;
    squares += centred * centred;
  }
  let rstd = inverseSqrt(workgroupSum(squares) / f32(count) + u.epsilonF);
  for (var i = lane; i < count; i += ${THREADS}) {
    let c = channel(group, i);
    let value = (x[at(group, i)] - mean) * rstd * gamma[c] + beta[c];
    // Not max, which may hide a NaN.
    y[at(group, i)] = select(value, 0.0, u.relu == 1 && value < 0.0);
  }
  if (lane == 0) {
    means[group] = mean;
    rstds[group] = rstd;
  }
}`,
}));

/** Of one number: what ReLU lets through of dy. */
const PASSED = `
fn passed(dy: f32, normed: f32, gamma: f32, beta: f32) -> f32 {
  return select(0.0, dy, u.relu == 0 || normed * gamma + beta > 0.0);
}`;

const affine = partialColumnSums(
  'group-norm-affine-grad',
  { x: 'f32', gamma: 'f32', beta: 'f32', means: 'f32', rstds: 'f32', dy: 'f32' },
  ['G', 'S', 'relu'],
  `
${PASSED}
fn pairAt(row: u32, picture: u32, column: u32) -> vec2<f32> {
  let at = row * u.W + column;
  let group = picture * u.G + column / u.S;
  let normed = (x[at] - means[group]) * rstds[group];
  return passed(dy[at], normed, gamma[column], beta[column]) * vec2<f32>(normed, 1.0);
}`,
);

/** dx = rstd · (g − mean(g) − x̂ · mean(g · x̂)) with g = dy · gamma where ReLU let it through. */
const backward = reducing(subgroups => ({
  key: 'group-norm-grad',
  reads: { x: 'f32', gamma: 'f32', beta: 'f32', means: 'f32', rstds: 'f32', dy: 'f32', partials: 'f32' },
  writes: { dx: 'f32' },
  uniforms: ['groups', 'P', 'G', 'S', 'relu', 'blocks'],
  workgroup: [THREADS, 1, 1],
  code: () => `
${workgroupSum(THREADS, subgroups)}
${PLACES}
${PASSED}
fn main(_group: vec3<u32>, group: u32, local: vec3<u32>) {
  if (group >= u.groups) { return; }
  let C = u.G * u.S;
  let count = u.P * u.S;
  var sum = vec2<f32>();
  for (var i = lane; i < u.blocks * u.S; i += ${THREADS}) {
    let c = channel(group, i);
    let start = (group / u.G * u.blocks + i / u.S) * 2 * C + c;
    sum += gamma[c] * vec2<f32>(partials[start], partials[start + C]);
  }
  let meanNormed = workgroupSum(sum.x) / f32(count);
  let meanG = workgroupSum(sum.y) / f32(count);
  let mean = means[group];
  let rstd = rstds[group];
  for (var i = lane; i < count; i += ${THREADS}) {
    let c = channel(group, i);
    let place = at(group, i);
    let normed = (x[place] - mean) * rstd;
    let g = passed(dy[place], normed, gamma[c], beta[c]) * gamma[c];
    dx[place] = (g - meanG - normed * meanNormed) * rstd;
  }
}`,
}));

function sizes(x: T, { groups: G, activation }: GroupNormAttrs) {
  const [B, height, width, C] = x.shape as [number, number, number, number];
  return { groups: B * G, P: height * width, G, S: C / G, relu: activation === 'relu' ? 1 : 0 };
}

export const groupNorm: WebGpuKernel = kernel<Of<'x' | 'gamma' | 'beta'>, GroupNormAttrs>(
  fusedKernel.groupNorm,
  (b, { x, gamma, beta }, attrs) => {
    const uniforms = { ...sizes(x, attrs), epsilonF: attrs.epsilon };
    const perGroup = [x.shape[0]!, attrs.groups];
    const outputs = [b.make(x.shape, 'float32'), b.make(perGroup, 'float32'), b.make(perGroup, 'float32')];
    b.launch({
      ...{ program: forward(b), inputs: [x, gamma, beta], outputs, uniforms },
      groups: folded(uniforms.groups, b.device.limits.maxComputeWorkgroupsPerDimension),
    });
    return outputs;
  },
);

export const groupNormGrad: WebGpuKernel = kernel<
  Of<'x' | 'gamma' | 'beta' | 'mean' | 'rstd' | 'dy'>,
  GroupNormAttrs
>(fusedKernel.groupNormGrad, (b, { x, gamma, beta, mean, rstd, dy }, attrs) => {
  const { groups, P, G, S, relu } = sizes(x, attrs);
  const C = G * S;
  const inputs = [x, gamma, beta, mean, rstd, dy];
  const partials = launchPartials(b, affine, inputs, [x.shape[0]!, P, C], { G, S, relu });
  const dx = b.make(x.shape, 'float32');
  b.launch({
    ...{ program: backward(b), inputs: [...inputs, partials.tensor], outputs: [dx] },
    uniforms: { groups, P, G, S, relu, blocks: partials.blocksOfPicture },
    groups: folded(groups, b.device.limits.maxComputeWorkgroupsPerDimension),
  });
  const sums = launchTotals(b, partials, C);
  b.disposeData(partials.tensor.dataId);
  return [dx, ...sums];
});
