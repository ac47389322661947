/** Contenders that do the same work, each in a process of its own, a few steps at a time in turn, so that all see the same machine. */
import type { BackendChoice } from '../lib/backend';
import { startChild } from '../lib/process';
import { progress } from '../lib/progress';
import { median } from '../lib/table';

export interface Hello {
  readonly versions: Readonly<Record<string, string>>;
  /** One line on how it computes. */
  readonly detail: string;
  /** Settings that it made for its libraries: the contenders after it get the same. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** What child.ts is told. */
export interface ChildOptions extends BackendChoice {
  /** How a training step is computed: as it is written, or as a recording. Default `eager`. */
  readonly mode?: 'eager' | 'graph';
  /** Of each batch in training; all without it. */
  readonly rows?: number;
  /** Training computes the inside of Transformer blocks once more. Default false. */
  readonly checkpointBlocks?: boolean;
}

/** What a contender is asked for. */
export type Request =
  | { readonly train: { readonly from: number; readonly count: number } }
  /** The loss of the first batch, without gradients; answered as training is. */
  | { readonly forward: { readonly count: number } }
  | { readonly generate: Generate }
  | { readonly memory: true }
  /** The peak of the resident memory is counted anew; answered with `{}`. */
  | { readonly resetMemory: true };

export interface Generate {
  readonly rows: number;
  /** New tokens; as many as the model's text length without it. */
  readonly tokens?: number;
}

export interface Training {
  readonly losses: number[];
  readonly milliseconds: number[];
}

export interface Generation {
  readonly milliseconds: number;
  /** Of each row. */
  readonly tokens: number[][];
}

/** The most that a process has had so far, or since `resetMemory`, in bytes. */
export interface Memory {
  readonly resident: number;
  /** On the device: in tensors, and with what the allocator keeps. */
  readonly device?: { readonly allocated: number; readonly reserved: number };
}

export interface Contender {
  readonly name: string;
  readonly command: string;
  readonly args: string[];
  /** Over the environment that there is; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface Plan {
  readonly rounds: number;
  /** Rounds at the start that are not measured. */
  readonly warmUp: number;
  /** Training steps of a contender in a round. */
  readonly steps: number;
  /** Batch sizes of greedy decoding. */
  readonly generate: readonly number[];
}

export interface Result extends Hello {
  readonly name: string;
  /** Milliseconds of a training step, median. */
  readonly step: number;
  /** All steps, those of the warm-up included. */
  readonly losses: number[];
  /** For each batch size of the plan. */
  readonly generation: {
    readonly rows: number;
    readonly tokensPerSecond: number;
    readonly tokens: number[][];
  }[];
}

/** What could not be started is left out, and why goes to `missing`. */
export async function contest(
  contenders: readonly Contender[],
  plan: Plan,
  missing: (name: string, error: Error) => void,
): Promise<Result[]> {
  const running: Running[] = [];
  const settings: Record<string, string> = {};
  for (const contender of contenders) {
    progress(`starting ${contender.name}`);
    // One after another: PyTorch measures itself before it says that it is ready.
    const started = await start(contender, settings).catch(error => missing(contender.name, error));
    if (!started) continue;
    running.push(started);
    Object.assign(settings, started.child.hello.settings);
  }
  try {
    // Decoding first, from the weights that all start with: trained ones differ in the last digits.
    for (const [i, rows] of plan.generate.entries()) await decode(running, plan, i, rows);
    await train(running, plan);
  } finally {
    await Promise.all(running.map(({ child }) => child.stop()));
  }
  return running.map(({ name, child, times, losses, rates, tokens }) => ({
    ...child.hello,
    name,
    step: median(times),
    losses,
    generation: plan.generate.map((rows, i) => ({
      rows,
      tokensPerSecond: median(rates[i]!),
      tokens: tokens[i]!,
    })),
  }));
}

type Running = Awaited<ReturnType<typeof start>>;

async function decode(running: readonly Running[], { rounds, warmUp }: Plan, i: number, rows: number) {
  for (let round = 0; round < rounds; round++) {
    progress(`decoding, batch ${rows}, round ${round + 1} of ${rounds}`);
    for (const each of running) {
      const { milliseconds, tokens } = await ask<Generation>(each, { generate: { rows } });
      each.tokens[i] = tokens;
      if (round >= warmUp) (each.rates[i] ??= []).push((1000 * tokens.flat().length) / milliseconds);
    }
  }
}

async function train(running: readonly Running[], { rounds, warmUp, steps }: Plan) {
  for (let round = 0; round < rounds; round++) {
    progress(`training, round ${round + 1} of ${rounds}`);
    for (const each of running) {
      const request = { train: { from: round * steps, count: steps } };
      const { losses, milliseconds } = await ask<Training>(each, request);
      each.losses.push(...losses);
      if (round >= warmUp) each.times.push(...milliseconds);
    }
  }
}

function ask<T>({ name, child }: Running, request: Request): Promise<T> {
  return child.ask<T>(request).catch(error => {
    throw new Error(`${name}: ${error.message}`, { cause: error });
  });
}

async function start({ name, command, args, env }: Contender, settings: Record<string, string>) {
  const child = await startChild<Hello>(command, args, { ...env, ...settings });
  return {
    name,
    child,
    times: [] as number[],
    losses: [] as number[],
    /** By index of the batch size. */
    rates: [] as number[][],
    tokens: [] as number[][][],
  };
}

/** Largest relative difference of the losses at any step. */
export function lossDifference(a: Result, b: Result): number {
  return Math.max(...a.losses.map((loss, step) => Math.abs(loss - b.losses[step]!) / loss));
}

/** Share of generated tokens that are the same. */
export function sameTokens(a: Result, b: Result): number {
  const pairs = a.generation.flatMap(({ tokens }, i) =>
    tokens.flatMap((row, r) => row.map((token, t) => token === b.generation[i]!.tokens[r]![t])),
  );
  return pairs.filter(Boolean).length / pairs.length;
}
