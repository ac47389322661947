/** The whole benchmark, wherever it is run from: what is measured in which order, and the rows and notes that come of it. */
import type { SimVlmConfig } from '@simvlm/model';
import { forwardFlops, trainingFlops } from '../lib/flops';
import { smallConfig } from '../lib/simvlm-problem';
import { type BenchResult, type BenchRow, rateRow, timeRow } from '../lib/table';
import { type Contest, type Decoded, decode, type Trained, train } from './contest';
import { IMAGE_TOKENS, type Scale, scales } from './problem';

export const parts = ['train', 'stack', 'decode'] as const;
export type Part = (typeof parts)[number];

/** Relative; float32 sums in another order drift apart by less in this many steps. */
const LOSS_TOLERANCE = 2e-3;
const LOGIT_TOLERANCE = 1e-3;
/** What ours may take of the composed model's. */
const LIMITS = { launches: 1 / 3, milliseconds: 1 / 2, peakBytes: 1 / 2 } as const;

export async function measure(contest: Contest, wanted: readonly Part[]): Promise<BenchResult> {
  const scale: Scale = scales[contest.scale];
  const rows: BenchRow[] = [];
  const notes: string[] = [];
  const versions: Record<string, string> = {};
  const adapters = new Set<string>();
  const seen = (all: readonly (Trained | Decoded)[]) => {
    for (const { hello, place } of all) {
      Object.assign(versions, hello.versions);
      adapters.add(`${place}: ${hello.adapter}`);
    }
  };
  if (wanted.includes('train')) {
    const all = await train(contest, ['simvlm', 'composed'], scale.extent);
    seen(all);
    notes.push(...sameLosses(all));
    for (const { ours, peer } of pairs(all, 'simvlm', 'composed')) {
      const what = `${ours.place}: training step, ${scale.rows} pictures`;
      rows.push(...trainingRows(what, ours, peer, 'plain tfjs'), speedRow(what, ours, peer, scale));
      if (peer) notes.push(limits(ours, peer));
    }
  }
  if (wanted.includes('stack')) {
    const all = await train(contest, ['stack', 'jax-js']);
    seen(all);
    notes.push(...sameLosses(all));
    for (const { ours, peer } of pairs(all, 'stack', 'jax-js')) {
      const what = `${ours.place}: step of the stack, ${scale.stackRows * 32} tokens`;
      rows.push(...trainingRows(what, ours, peer, 'jax-js'));
    }
  }
  if (wanted.includes('decode')) {
    const all = await decode(contest, ['simvlm', 'onnxruntime-web']);
    seen(all);
    for (const { ours, peer } of pairs(all, 'simvlm', 'onnxruntime-web')) {
      rows.push(...decodingRows(ours, peer, contest.plan.decoded));
      if (peer) notes.push(sameLogits(ours, peer));
    }
  }
  notes.push(...[...adapters].map(adapter => `adapter in ${adapter}`));
  return { versions, rows, notes };
}

/** Ours and its peer of each place. */
function pairs<T extends Trained | Decoded>(all: readonly T[], ours: string, peer: string) {
  const find = (place: string, name: string) =>
    all.find(each => each.place === place && each.contender === name);
  return [...new Set(all.map(({ place }) => place))].flatMap(place => {
    const found = find(place, ours);
    return found ? [{ ours: found, peer: find(place, peer) }] : [];
  });
}

function trainingRows(what: string, ours: Trained, peer: Trained | undefined, name: string): BenchRow[] {
  const row = (of: 'launches' | 'milliseconds' | 'peakBytes', unit: string, size = 1) =>
    timeRow(what, ours[of] / size, peer && { name, value: peer[of] / size }, unit);
  return [row('launches', 'launches'), row('milliseconds', 'ms'), row('peakBytes', 'MiB at peak', 2 ** 20)];
}

/** What of the device's matrix products a training step attains: the faster of ours and tfjs's is the ceiling. */
function speedRow(
  what: string,
  ours: Trained,
  peer: Trained | undefined,
  { rows, config, extent }: Scale,
): BenchRow {
  const tera = (flops: number, milliseconds: number) => flops / milliseconds / 1e9;
  const product = Math.min(...[ours, peer].flatMap(each => each?.product ?? []));
  const ceiling = { name: 'its matrix products', value: tera(2 * extent ** 3, product) };
  return rateRow(what, tera(flopsOf(rows, config), ours.milliseconds), ceiling, 'TFLOP/s');
}

function flopsOf(rows: number, config: SimVlmConfig): number {
  const { patcher, imageSize, width, maxTextLength: length } = config;
  if (patcher.kind === 'conv') return trainingFlops({ ...config, patcher }, rows, length);
  // The rest is the same, as is the number of image tokens: one product a token in place of the convolutions.
  const forward = forwardFlops(smallConfig, length);
  const linear = 2 * imageSize ** 2 * 3 * width;
  return 3 * rows * (forward.total - forward.patcher + linear);
}

function decodingRows(ours: Decoded, peer: Decoded | undefined, batches: readonly number[]): BenchRow[] {
  return batches.flatMap((batch, i) => {
    const [own, other] = [ours.batches[i]!, peer?.batches[i]];
    const row = (of: 'launches' | 'milliseconds', unit: string) =>
      timeRow(
        `${ours.place}: a decoded token, batch ${batch}`,
        own[of],
        other && { name: 'onnxruntime-web', value: other[of] },
        unit,
      );
    return [row('launches', 'launches'), row('milliseconds', 'ms')];
  });
}

/** @throws Error when what was compared is not the same computation */
function sameLosses(all: readonly Trained[]): string[] {
  const [first] = all;
  if (!first) return [];
  for (const { losses, contender, place } of all) {
    const worst = Math.max(
      ...losses.map((loss, step) => Math.abs(loss - first.losses[step]!) / first.losses[step]!),
    );
    if (!(worst <= LOSS_TOLERANCE))
      throw new Error(`${contender} in ${place} has other losses than ${first.contender}: ${worst} relative`);
  }
  const names = [...new Set(all.map(({ contender }) => contender))].join(' and ');
  const [from, to] = [first.losses[0]!.toFixed(4), first.losses.at(-1)!.toFixed(4)];
  return [`same losses of ${names}: ${from} at step 1, ${to} at step ${first.losses.length}`];
}

function sameLogits(ours: Decoded, peer: Decoded): string {
  // Ours has a place more: what follows the last token.
  const worst = Math.max(...peer.logits.map((logit, i) => Math.abs(logit - ours.logits[i]!)));
  if (!(worst <= LOGIT_TOLERANCE))
    throw new Error(`${peer.contender} has other logits than ours: by ${worst}`);
  const places = peer.logits.length / smallConfig.vocabSize;
  return `logits of ${peer.contender} at ${places} places over ${IMAGE_TOKENS} memory tokens: within ${worst.toExponential(1)} of ours`;
}

function limits(ours: Trained, peer: Trained): string {
  const names = { launches: 'launches', milliseconds: 'time', peakBytes: 'peak of GPU memory' };
  const shares = Object.entries(LIMITS).map(([key, limit]) => {
    const share = ours[key as keyof typeof LIMITS] / peer[key as keyof typeof LIMITS];
    const met = share <= limit ? 'met' : 'not met';
    return `${names[key as keyof typeof LIMITS]} ${share.toFixed(2)} (at most ${limit.toFixed(2)}: ${met})`;
  });
  return `${ours.place}, ours as a share of plain tfjs: ${shares.join(', ')}`;
}
