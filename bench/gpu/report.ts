/** What was measured of SimVLM-Base, in numbers that compare, and as tables. */
import { modelParameters } from '@simvlm/model';
import { decodingBytes } from '../lib/decoding';
import { trainingFlops } from '../lib/flops';
import { aligned, type BenchRow, rateRow } from '../lib/table';
import type { Problem } from '../native/problem';
import type { Decoded, Trained } from './alone';
import type { Setting } from './contenders';

/** What ceilings.py prints. */
export interface Ceilings {
  readonly device: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly matmul: { readonly size: number; readonly flopsPerSecond: number };
  readonly copy: { readonly bytes: number; readonly bytesPerSecond: number };
}

export interface TrainingRow extends Trained {
  readonly contender: string;
  /** Of a batch: fewer than the problem has where they did not fit. */
  readonly rows: number;
  readonly samplesPerSecond: number;
  readonly flopsPerSecond: number;
  /** Of the matmul ceiling; null where that could not be measured. */
  readonly shareOfCeiling: number | null;
}

export interface DecodingRow extends Decoded {
  readonly contender: string;
  /** Tokens a second at which the memory bandwidth is used up; null where that could not be measured. */
  readonly limit: number | null;
}

/** N */
export function imageTokensOf({ config }: Problem): number {
  return modelParameters(config).get('positions.image').shape[0]!;
}

export function trainingRow(
  contender: string,
  trained: Trained,
  { config }: Problem,
  rows: number,
  ceilings: Ceilings | undefined,
): TrainingRow {
  const seconds = trained.stepMilliseconds / 1000;
  const flopsPerSecond = trainingFlops(config, rows, config.maxTextLength) / seconds;
  return {
    contender,
    rows,
    samplesPerSecond: rows / seconds,
    flopsPerSecond,
    shareOfCeiling: ceilings ? flopsPerSecond / ceilings.matmul.flopsPerSecond : null,
    ...trained,
  };
}

export function decodingRow(
  contender: string,
  decoded: Decoded,
  problem: Problem,
  { precision }: Pick<Setting, 'precision'>,
  ceilings: Ceilings | undefined,
): DecodingRow {
  const { config } = problem;
  const [images, size] = [imageTokensOf(problem), precision === 'bfloat16' ? 2 : 4];
  const bytes = decodingBytes(config, decoded.rows, images, config.maxTextLength, size);
  const limit = ceilings ? (decoded.rows * ceilings.copy.bytesPerSecond) / bytes : null;
  return { contender, ...decoded, limit };
}

/** Ours beside every kind of PyTorch, as other benchmarks give it: a ratio above 1 means that ours is better. */
export function comparisons(
  training: readonly TrainingRow[],
  decoding: readonly DecodingRow[],
): readonly BenchRow[] {
  const isOurs = ({ contender }: { contender: string }) => contender.startsWith('SimVLM');
  const pairs = <T extends { contender: string }>(rows: readonly T[]) =>
    rows.filter(isOurs).flatMap(own => rows.filter(row => !isOurs(row)).map(peer => [own, peer] as const));
  return [
    ...pairs(training).map(([own, peer]) =>
      rateRow(
        `${own.contender}: training, batch ${own.rows}${peer.rows === own.rows ? '' : ` against ${peer.rows}`}`,
        own.samplesPerSecond,
        { name: peer.contender, value: peer.samplesPerSecond },
        'samples/s',
      ),
    ),
    ...pairs(decoding)
      .filter(([own, peer]) => own.rows === peer.rows)
      .map(([own, peer]) =>
        rateRow(
          `${own.contender}: decoding, batch ${own.rows}`,
          own.tokensPerSecond,
          { name: peer.contender, value: peer.tokensPerSecond },
          'tokens/s',
        ),
      ),
  ];
}

export function trainingTable(rows: readonly TrainingRow[]): string {
  const gibibytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  return aligned([
    ['training', 'batch', 'ms/step', 'samples/s', 'TFLOP/s', 'of ceiling', 'peak GiB', 'reserved'],
    ...rows.map(({ memory: { device, resident }, ...row }) => [
      row.contender,
      `${row.rows}`,
      row.stepMilliseconds.toFixed(1),
      row.samplesPerSecond.toFixed(1),
      (row.flopsPerSecond / 1e12).toPrecision(3),
      row.shareOfCeiling === null ? '?' : `${(100 * row.shareOfCeiling).toFixed(1)} %`,
      gibibytes(device ? device.allocated : resident),
      device ? gibibytes(device.reserved) : '',
    ]),
  ]);
}

export function decodingTable(rows: readonly DecodingRow[]): string {
  return aligned([
    ['greedy decoding, tokens/s', 'batch', 'with the encoder', 'after the first', 'limit', 'of limit'],
    ...rows.map(({ contender, rows, tokensPerSecond, tokensPerSecondAfterFirst: later, limit }) => [
      contender,
      `${rows}`,
      tokensPerSecond.toFixed(0),
      later?.toFixed(0) ?? '?',
      limit?.toFixed(0) ?? '?',
      later === null || limit === null ? '?' : `${((100 * later) / limit).toFixed(1)} %`,
    ]),
  ]);
}
