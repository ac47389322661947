/** Contenders do the same work in turn, each in a process, page or frame of its own, so that all see the same machine. */
import { median } from '../lib/table';
import type { ScaleName } from './problem';
import type { ContenderName, DecoderMemory, Generation, Hello, Logits, Request, Training } from './protocol';

export interface Peer {
  readonly hello: Hello;
  ask<T>(request: Request): Promise<T>;
  stop(): Promise<unknown>;
}

/** Somewhere that contenders run, such as Chromium. */
export interface Place {
  readonly name: string;
  readonly start: (contender: ContenderName, scale: ScaleName) => Promise<Peer>;
}

export interface Plan {
  readonly rounds: number;
  /** Rounds at the start that are not measured: shaders are compiled, pools filled. */
  readonly warmUp: number;
  /** Tokens that are decoded for each row. */
  readonly tokens: number;
  /** Batch sizes of decoding. */
  readonly decoded: readonly number[];
}

interface Named {
  readonly place: string;
  readonly contender: ContenderName;
  readonly hello: Hello;
}

export interface Trained extends Named {
  /** Of a step, medians. */
  readonly milliseconds: number;
  readonly launches: number;
  readonly peakBytes: number;
  /** All steps, those of the warm-up included. */
  readonly losses: number[];
  /** Of a product of two square matrices, where it was asked for. */
  readonly product?: number;
}

export interface Decoded extends Named {
  /** For each batch size of the plan: of one token of all rows, what comes before the first taken off. */
  readonly batches: {
    readonly milliseconds: number;
    readonly launches: number;
    readonly tokens: number[][];
  }[];
  readonly logits: Logits;
}

export interface Contest {
  readonly places: readonly Place[];
  readonly scale: ScaleName;
  readonly plan: Plan;
  readonly progress: (what: string) => void;
  /** What could not be started, or failed. */
  readonly missing: (what: string, error: Error) => void;
}

/** @param extent of the matrices that the ceiling is measured with, by contenders that are SimVLM */
export async function train(
  contest: Contest,
  contenders: readonly ContenderName[],
  extent?: number,
): Promise<Trained[]> {
  const { rounds, warmUp } = contest.plan;
  return together(contest, contenders, async running => {
    const seen = running.map(() => [] as Training[]);
    for (let round = 0; round < rounds; round++) {
      for (const [i, each] of running.entries()) {
        contest.progress(`${each.contender} in ${each.place}: training, round ${round + 1} of ${rounds}`);
        seen[i]!.push(await ask<Training>(each, { train: { from: round, count: 1 } }));
      }
    }
    const products: (number | undefined)[] = [];
    for (const each of running) {
      if (extent) contest.progress(`${each.contender} in ${each.place}: matrix products`);
      products.push(extent ? await ask<number>(each, { multiply: { extent } }) : undefined);
    }
    return running.map(({ place, contender, peer }, i) => {
      const measured = seen[i]!.slice(warmUp);
      return {
        ...{ place, contender, hello: peer.hello },
        milliseconds: median(measured.flatMap(({ milliseconds }) => milliseconds)),
        launches: median(measured.flatMap(({ launches }) => launches)),
        peakBytes: Math.max(...seen[i]!.map(({ peakBytes }) => peakBytes)),
        losses: seen[i]!.flatMap(({ losses }) => losses),
        ...(products[i] !== undefined && { product: products[i] }),
      };
    });
  });
}

/** Ours goes first: its encoder makes the memory that the others read. */
export async function decode(contest: Contest, contenders: readonly ContenderName[]): Promise<Decoded[]> {
  const { tokens } = contest.plan;
  return together(contest, contenders, async running => {
    const batches = running.map(() => [] as Decoded['batches'][number][]);
    let logits: Logits[] = [];
    for (const rows of contest.plan.decoded) {
      const ours = running.find(({ contender }) => contender === 'simvlm');
      if (!ours) return [];
      const memory = await ask<DecoderMemory>(ours, { memory: { rows } });
      for (const each of running)
        if (each.contender === 'onnxruntime-web') await ask(each, { remember: memory });
      const measured = await inTurn(contest, running, rows);
      for (const [i, list] of measured.entries()) {
        const difference = (of: 'milliseconds' | 'launches') =>
          median(list.map(([first, all]) => (all[of] - first[of]) / (tokens - 1)));
        batches[i]!.push({
          milliseconds: difference('milliseconds'),
          launches: difference('launches'),
          tokens: list[0]![1].tokens,
        });
      }
      if (logits.length > 0) continue;
      // Any tokens will do: those that were generated.
      const text = measured[0]![0]![1].tokens[0]!.slice(0, 8);
      for (const each of running) logits = [...logits, await ask<Logits>(each, { logits: { tokens: text } })];
    }
    return running.map(({ place, contender, peer }, i) => ({
      ...{ place, contender, hello: peer.hello },
      ...{ batches: batches[i]!, logits: logits[i]! },
    }));
  });
}

/** For each contender, rounds of decoding one token and all of them. */
async function inTurn({ plan, progress }: Contest, running: readonly Running[], rows: number) {
  const seen = running.map(() => [] as [first: Generation, all: Generation][]);
  for (let round = 0; round < plan.rounds; round++) {
    for (const [i, each] of running.entries()) {
      progress(
        `${each.contender} in ${each.place}: decoding, batch ${rows}, round ${round + 1} of ${plan.rounds}`,
      );
      const first = await ask<Generation>(each, { generate: { rows, tokens: 1 } });
      const all = await ask<Generation>(each, { generate: { rows, tokens: plan.tokens } });
      if (round >= plan.warmUp) seen[i]!.push([first, all]);
    }
  }
  return seen;
}

interface Running {
  readonly place: string;
  readonly contender: ContenderName;
  readonly peer: Peer;
}

async function together<T>(
  { places, scale, progress, missing }: Contest,
  contenders: readonly ContenderName[],
  work: (running: Running[]) => Promise<T[]>,
): Promise<T[]> {
  const running: Running[] = [];
  try {
    for (const contender of contenders) {
      for (const { name: place, start } of places) {
        progress(`starting ${contender} in ${place}`);
        const peer = await start(contender, scale).catch(error => {
          missing(`${contender} in ${place}`, error as Error);
          return undefined;
        });
        if (peer) running.push({ place, contender, peer });
      }
    }
    return await work(running);
  } finally {
    await Promise.all(running.map(({ peer }) => peer.stop()));
  }
}

function ask<T>({ contender, place, peer }: Running, request: Request): Promise<T> {
  return peer.ask<T>(request).catch(error => {
    throw new Error(`${contender} in ${place}: ${(error as Error).message}`, { cause: error });
  });
}
