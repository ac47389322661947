/**
 * `bench.mjs DEVICE [PROBLEM …]`: the training step and greedy decoding of bench/native on a GPU beside PyTorch, in every precision
 * that both have. One line of JSON on stdout for each; tables on stderr.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BackendChoice } from '../lib/backend';
import { rateRow, table, timeRow } from '../lib/table';
import {
  type Contender,
  contest,
  lossDifference,
  type Plan,
  type Result,
  sameTokens,
} from '../native/contest';
import { problems, writeProblem } from '../native/problem';

const [device = 'cuda', ...names] = process.argv.slice(2) as [
  BackendChoice['device'],
  ...(keyof typeof problems)[],
];
const work = process.env.WORK ?? '/tmp';
const threads = Number(process.env.THREADS ?? 4);
const plan: Plan = { rounds: 8, warmUp: 2, steps: 10, generate: [1, 16] };
/** On the CPU all there is to see is whether it runs. */
const rehearsal: Plan = { rounds: 2, warmUp: 1, steps: 1, generate: [1] };
const here = fileURLToPath(new URL('.', import.meta.url));

/** cuBLAS and cuDNN are told by the environment what they may do, ours and PyTorch's alike. */
const environments: Record<string, Record<string, string>> = {
  float32: { NVIDIA_TF32_OVERRIDE: '0' },
  tf32: { TORCH_ALLOW_TF32_CUBLAS_OVERRIDE: '1' },
  bfloat16: {},
};

for (const name of names.length > 0 ? names : (['small'] as const)) {
  const folder = join(work, `problem-${name}`);
  writeProblem(folder, problems[name]);
  for (const precision of device === 'cpu' ? ['float32'] : Object.keys(environments))
    await compare(name, folder, precision);
}

async function compare(problem: string, folder: string, precision: string): Promise<void> {
  const choice = { backend: 'native', device, threads, precision };
  const contender = (name: string, command: string, args: string[]): Contender => ({
    name,
    command,
    args: [...args, folder, JSON.stringify(choice)],
    env: environments[precision]!,
  });
  const contenders = [
    contender('ours', process.execPath, [join(here, 'child.mjs')]),
    contender('PyTorch', process.env.PYTHON ?? 'python3', [join(here, '../native/peer.py')]),
  ];
  const missing: Record<string, string> = {};
  const results = await contest(contenders, device === 'cpu' ? rehearsal : plan, (name, error) => {
    missing[name] = error.message;
  });
  const [ours, peer] = ['ours', 'PyTorch'].map(name => results.find(result => result.name === name));
  console.log(
    JSON.stringify({
      problem,
      precision,
      device,
      results: results.map(summary),
      missing,
      ...agreement(ours, peer),
    }),
  );
  console.error(`\n${problem}, ${precision}`);
  for (const { name, detail } of results) console.error(`${name}: ${detail}`);
  for (const [name, message] of Object.entries(missing)) console.error(`${name} left out: ${message}`);
  if (ours && peer) console.error(comparison(ours, peer));
}

function summary({ name, detail, versions, step, losses, generation }: Result) {
  const decoding = generation.map(({ rows, tokensPerSecond }) => ({ rows, tokensPerSecond }));
  return { name, detail, versions, stepMilliseconds: step, losses, decoding };
}

function agreement(ours: Result | undefined, peer: Result | undefined) {
  if (!ours || !peer) return {};
  return { lossDifference: lossDifference(ours, peer), sameTokens: sameTokens(ours, peer) };
}

function comparison(ours: Result, peer: Result): string {
  const against = (value: number) => ({ name: 'PyTorch', value });
  return table([
    timeRow('training step', ours.step, against(peer.step)),
    ...ours.generation.map(({ rows, tokensPerSecond }, i) =>
      rateRow(
        `greedy decoding, batch ${rows}`,
        tokensPerSecond,
        against(peer.generation[i]!.tokensPerSecond),
        'tokens/s',
      ),
    ),
  ]);
}
