/**
 * `small.mjs DEVICE`: the model of `pnpm bench native` on a GPU beside PyTorch, in every precision that both have. One line of JSON on
 * stdout for each; tables on stderr.
 */
import { join } from 'node:path';
import { rateRow, table, timeRow } from '../lib/table';
import { contest, lossDifference, type Plan, type Result, sameTokens } from '../native/contest';
import { problems, writeProblem } from '../native/problem';
import { ours, pytorch, type Setting } from './contenders';

const device = (process.argv[2] ?? 'cuda') as Setting['device'];
const folder = join(process.env.WORK ?? '/tmp', 'problem-small');
const threads = Number(process.env.THREADS ?? 4);
const plan: Plan = { rounds: 8, warmUp: 2, steps: 10, generate: [1, 16] };
/** On the CPU all there is to see is whether it runs. */
const rehearsal: Plan = { rounds: 2, warmUp: 1, steps: 1, generate: [1] };

writeProblem(folder, problems.small);
for (const precision of device === 'cpu'
  ? (['float32'] as const)
  : (['float32', 'tf32', 'bfloat16'] as const))
  await compare({ folder, device, threads, precision });

async function compare(setting: Setting): Promise<void> {
  const contenders = [ours('eager', setting), ours('graph', setting), pytorch('eager', setting)];
  const missing: Record<string, string> = {};
  const results = await contest(contenders, device === 'cpu' ? rehearsal : plan, (name, error) => {
    missing[name] = error.message;
  });
  const peer = results.find(({ name }) => name.startsWith('PyTorch'));
  const { precision } = setting;
  console.log(
    JSON.stringify({
      ...{ problem: 'small', precision, device, missing },
      results: results.map(result => ({ ...summary(result), ...agreement(result, peer) })),
    }),
  );
  console.error(`\nsmall, ${precision}`);
  for (const { name, detail } of results) console.error(`${name}: ${detail}`);
  for (const [name, message] of Object.entries(missing)) console.error(`${name} left out: ${message}`);
  for (const result of results) if (peer && result !== peer) console.error(`\n${comparison(result, peer)}`);
}

function summary({ name, detail, versions, step, losses, generation }: Result) {
  const decoding = generation.map(({ rows, tokensPerSecond }) => ({ rows, tokensPerSecond }));
  return { name, detail, versions, stepMilliseconds: step, losses, decoding };
}

function agreement(result: Result, peer: Result | undefined) {
  if (!peer || result === peer) return {};
  return { lossDifference: lossDifference(result, peer), sameTokens: sameTokens(result, peer) };
}

function comparison({ name, step, generation }: Result, peer: Result): string {
  const against = (value: number) => ({ name: peer.name, value });
  return table([
    timeRow(`${name}: training step`, step, against(peer.step)),
    ...generation.map(({ rows, tokensPerSecond }, i) =>
      rateRow(
        `${name}: greedy decoding, batch ${rows}`,
        tokensPerSecond,
        against(peer.generation[i]!.tokensPerSecond),
        'tokens/s',
      ),
    ),
  ]);
}
