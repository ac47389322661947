import { startChild } from '../lib/process';
import { progress } from '../lib/progress';
import { median } from '../lib/table';
import type { Contender, Generation, Hello, Memory, Request, Training } from '../native/contest';

export type Part = 'forward' | 'caption' | 'training step';

/** How much is measured. */
export interface Parts {
  /** Of a batch. */
  readonly rows: number;
  /** Runs of each part that are not measured. */
  readonly warmUp: number;
  readonly repeats: number;
  /** Of a caption. */
  readonly tokens: number;
}

interface MeasuredPart {
  /** Median. */
  readonly milliseconds: number;
  /** Peak of the whole process in RAM during the part, warm-up included. */
  readonly mebibytes: number;
  /** Of all runs, the warm-up's included; of a caption none. */
  readonly losses: readonly number[];
}

export interface Measured extends Hello {
  readonly name: string;
  readonly parts: Readonly<Partial<Record<Part, MeasuredPart>>>;
}

/** The parts of one contender in one process, the one that needs most memory last. */
export async function measure(
  { name, command, args, env }: Contender,
  parts: readonly Part[],
  plan: Parts,
): Promise<Measured> {
  progress(`starting ${name}`);
  const child = await startChild<Hello>(command, args, env);
  const ask = <T>(request: Request) => child.ask<T>(request);
  const measured: Partial<Record<Part, MeasuredPart>> = {};
  try {
    for (const part of parts) {
      progress(`${name}: ${part}`);
      await ask({ resetMemory: true });
      const { losses, milliseconds } = await runs(part, plan, ask);
      const { resident } = await ask<Memory>({ memory: true });
      measured[part] = {
        milliseconds: median(milliseconds.slice(plan.warmUp)),
        mebibytes: resident / 2 ** 20,
        losses,
      };
    }
  } finally {
    await child.stop();
  }
  return { ...child.hello, name, parts: measured };
}

async function runs(
  part: Part,
  { warmUp, repeats, tokens }: Parts,
  ask: <T>(request: Request) => Promise<T>,
): Promise<Training> {
  const count = warmUp + repeats;
  if (part === 'forward') return ask({ forward: { count } });
  if (part === 'training step') return ask({ train: { from: 0, count } });
  const milliseconds: number[] = [];
  for (let i = 0; i < count; i++)
    milliseconds.push((await ask<Generation>({ generate: { rows: 1, tokens } })).milliseconds);
  return { losses: [], milliseconds };
}
