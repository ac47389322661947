/**
 * A training step and greedy decoding of SimVLM: our native backend and our wasm backend beside PyTorch (bench/reference), eager and
 * compiled, on the CPU. A row is compared with whichever of the two is faster. All start from the same weights and read the same batches; the losses must agree.
 */
import { fileURLToPath } from 'node:url';
import { type BenchOptions, type BenchResult, type BenchRow, rateRow, timeRow } from './lib/table';
import { isPeer, ourContender, pytorchContenders } from './native/contenders';
import { contest, lossDifference, type Plan, type Result, sameTokens } from './native/contest';
import { problems, writeProblem } from './native/problem';

const THREADS = 2;
/** Relative; float32 sums in another order drift apart by less in this many steps. */
const LOSS_TOLERANCE = 1e-3;
const INSTALL = 'pip install torch';
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
    ...pytorchContenders(folder, { threads: THREADS }),
    ourContender('wasm', { backend: 'wasm', threads: THREADS }, folder),
  ];
  const results = await contest(contenders, plan, (name, error) => {
    notes.push(`${name} left out: ${error.message}${isPeer(name) ? ` (${INSTALL})` : ''}`);
  });
  const peers = results.filter(({ name }) => isPeer(name));
  const own = results.filter(({ name }) => !isPeer(name));
  const against = peers[0] ?? own[0];
  if (!against) throw new Error(`nothing to measure: ${notes.join('; ')}`);
  for (const result of results) {
    const worst = lossDifference(result, against);
    if (!(worst <= LOSS_TOLERANCE))
      throw new Error(`${result.name} has other losses than ${against.name}: ${worst} relative at worst`);
  }
  return {
    versions: Object.assign({}, ...results.map(({ versions }) => versions)),
    rows: own.flatMap(result => rows(result, peers)),
    notes: [
      ...results.map(({ name, detail }) => `${name}: ${detail}`),
      ...peers.map(inFigures),
      ...own.flatMap(result => comparison(result, peers)),
      `losses: ${against.losses[0]!.toFixed(4)} at step 1, ${against.losses.at(-1)!.toFixed(4)} at step ${against.losses.length}, alike in all`,
      ...notes,
    ],
  };
}

function rows(result: Result, peers: readonly Result[]): BenchRow[] {
  const { name, step, generation } = result;
  return [
    timeRow(`${name}: training step, 32 pictures, 1,024 tokens`, step, fastestStep(peers)),
    ...generation.map(({ rows, tokensPerSecond }, i) => {
      const rates = peers.map(peer => ({
        name: peer.name,
        value: peer.generation[i]!.tokensPerSecond,
      }));
      const fastest = rates.sort((a, b) => b.value - a.value)[0];
      return rateRow(`${name}: greedy decoding, batch ${rows}`, tokensPerSecond, fastest, 'tokens/s');
    }),
  ];
}

function fastestStep(peers: readonly Result[]): { name: string; value: number } | undefined {
  const steps = peers.map(({ name, step }) => ({ name, value: step }));
  return steps.sort((a, b) => a.value - b.value)[0];
}

/** What a peer reached: a row names only the faster of the two. */
function inFigures({ name, step, generation }: Result): string {
  const rates = generation.map(
    ({ rows, tokensPerSecond }) => `batch ${rows}: ${tokensPerSecond.toFixed(0)} tokens/s`,
  );
  return `${name}: a step ${step.toFixed(0)} ms, ${rates.join(', ')}`;
}

function comparison(result: Result, peers: readonly Result[]): string[] {
  const fastest = fastestStep(peers);
  const peer = peers[0];
  if (!fastest || !peer) return [];
  const time = (result.step / fastest.value).toFixed(2);
  const losses = lossDifference(result, peer).toExponential(1);
  const tokens = (100 * sameTokens(result, peer)).toFixed(1);
  return [
    `${result.name}: a step takes ${time} times as long as that of ${fastest.name}; losses differ by ${losses} at most, ${tokens} % of greedy tokens are the same`,
  ];
}
