/**
 * A training step and greedy decoding of SimVLM: our native backend and our wasm backend beside PyTorch (bench/reference), on
 * the CPU. All start from the same weights and read the same batches; the losses must agree.
 */
import { fileURLToPath } from 'node:url';
import { type BenchOptions, type BenchResult, type BenchRow, rateRow, timeRow } from './lib/table';
import { ourContender, PYTORCH, pytorchContender } from './native/contenders';
import { contest, lossDifference, type Plan, type Result, sameTokens } from './native/contest';
import { problems, writeProblem } from './native/problem';

const THREADS = 2;
/** Relative; float32 sums in another order drift apart by less in this many steps. */
const LOSS_TOLERANCE = 1e-3;
const INSTALL = 'apt-get install python3-torch';
const full: Plan = { rounds: 8, warmUp: 2, steps: 3, generate: [1, 16] };
const quick: Plan = { rounds: 3, warmUp: 1, steps: 2, generate: [1, 16] };

export async function run({ quick: short }: BenchOptions): Promise<BenchResult> {
  const folder = fileURLToPath(new URL('../.cache/bench-native/', import.meta.url));
  writeProblem(folder, problems.small);
  const plan = short ? quick : full;
  const notes: string[] = [];
  const contenders = [
    ourContender('native', { backend: 'native', device: 'cpu', threads: THREADS }, folder),
    ourContender(
      'native, captured',
      { backend: 'native', device: 'cpu', threads: THREADS, mode: 'graph' },
      folder,
    ),
    pytorchContender(folder, { threads: THREADS }),
    ourContender('wasm', { backend: 'wasm', threads: THREADS }, folder),
  ];
  const results = await contest(contenders, plan, (name, error) => {
    if (name === PYTORCH) notes.push(`${name} left out: ${error.message} (${INSTALL})`);
    else notes.push(`${name} left out: ${error.message}`);
  });
  const peer = results.find(({ name }) => name === PYTORCH);
  const own = results.filter(result => result !== peer);
  const against = peer ?? own[0];
  if (!against) throw new Error(`nothing to measure: ${notes.join('; ')}`);
  for (const result of results) {
    const worst = lossDifference(result, against);
    if (!(worst <= LOSS_TOLERANCE))
      throw new Error(`${result.name} has other losses than ${against.name}: ${worst} relative at worst`);
  }
  return {
    versions: Object.assign({}, ...results.map(({ versions }) => versions)),
    rows: own.flatMap(result => rows(result, peer)),
    notes: [
      ...results.map(({ name, detail }) => `${name}: ${detail}`),
      ...own.flatMap(result => comparison(result, peer)),
      `losses: ${against.losses[0]!.toFixed(4)} at step 1, ${against.losses.at(-1)!.toFixed(4)} at step ${against.losses.length}, alike in all`,
      ...notes,
    ],
  };
}

function rows(result: Result, peer: Result | undefined): BenchRow[] {
  const { name, step, generation } = result;
  return [
    timeRow(
      `${name}: training step, 32 pictures, 1,024 tokens`,
      step,
      peer && { name: PYTORCH, value: peer.step },
    ),
    ...generation.map(({ rows, tokensPerSecond }, i) =>
      rateRow(
        `${name}: greedy decoding, batch ${rows}`,
        tokensPerSecond,
        peer && { name: PYTORCH, value: peer.generation[i]!.tokensPerSecond },
        'tokens/s',
      ),
    ),
  ];
}

function comparison(result: Result, peer: Result | undefined): string[] {
  if (!peer) return [];
  const time = (result.step / peer.step).toFixed(2);
  const losses = lossDifference(result, peer).toExponential(1);
  const tokens = (100 * sameTokens(result, peer)).toFixed(1);
  return [
    `${result.name}: a step takes ${time} times as long as PyTorch's; losses differ by ${losses} at most, ${tokens} % of greedy tokens are the same`,
  ];
}
