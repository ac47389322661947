/** One contender with the device to itself: a model of this size leaves no room for another. */
import { startChild } from '../lib/process';
import { median } from '../lib/table';
import type { Contender, Generation, Hello, Memory, Training } from '../native/contest';

export interface AlonePlan {
  /** Steps that are not measured. */
  readonly warmUp: number;
  readonly steps: number;
  /** Batch sizes of greedy decoding; none where it is not asked for. */
  readonly decoding: readonly number[];
  /** Texts of each size, the first of which is not measured. */
  readonly repeats: number;
}

export interface Trained extends Hello {
  /** Median. */
  readonly stepMilliseconds: number;
  readonly losses: number[];
  readonly memory: Memory;
}

export interface Decoded {
  readonly rows: number;
  /** From pixels to the last token. */
  readonly tokensPerSecond: number;
  /** Of all tokens but the first, whose time has the encoder in it; null where noise is larger than the difference of the two. */
  readonly tokensPerSecondAfterFirst: number | null;
}

/**
 * Decodes, from the weights that all start with, and then trains.
 *
 * @param onDecoded hears of each size as soon as it is known: what comes later may fail
 * @throws Error that says why the contender did not come to its end; it is gone then
 */
export async function alone(
  { command, args, env }: Contender,
  { warmUp, steps, decoding, repeats }: AlonePlan,
  seconds: number,
  onDecoded: (result: Decoded) => void,
): Promise<Trained> {
  const limit = AbortSignal.timeout(Math.round(1000 * seconds));
  const late = (error: Error): never => {
    throw limit.aborted ? new Error(`it took more than ${Math.round(seconds)} s`) : error;
  };
  const child = await startChild<Hello>(command, args, env, limit).catch(late);
  try {
    for (const rows of decoding) {
      const whole: Generation[] = [];
      const first: Generation[] = [];
      for (let i = 0; i < repeats; i++) {
        whole.push(await child.ask({ generate: { rows } }));
        first.push(await child.ask({ generate: { rows, tokens: 1 } }));
      }
      onDecoded(decoded(rows, whole.slice(1), first.slice(1)));
    }
    const train = (from: number, count: number) => child.ask<Training>({ train: { from, count } });
    const before = await train(0, warmUp);
    const { losses, milliseconds } = await train(warmUp, steps);
    return {
      ...child.hello,
      stepMilliseconds: median(milliseconds),
      losses: [...before.losses, ...losses],
      memory: await child.ask<Memory>({ memory: true }),
    };
  } catch (error) {
    return late(error as Error);
  } finally {
    await child.stop();
  }
}

function decoded(rows: number, whole: readonly Generation[], first: readonly Generation[]): Decoded {
  const milliseconds = (texts: readonly Generation[]) => median(texts.map(each => each.milliseconds));
  const tokens = whole[0]!.tokens.flat().length;
  const later = milliseconds(whole) - milliseconds(first);
  return {
    rows,
    tokensPerSecond: (1000 * tokens) / milliseconds(whole),
    tokensPerSecondAfterFirst: later > 0 ? (1000 * (tokens - rows)) / later : null,
  };
}

/** Whether a contender ended for want of memory, by what it, ATen, PyTorch or cuDNN says. */
export function outOfMemory(error: Error): boolean {
  return /out of memory|OutOfMemory|OUT_OF_MEMORY|ALLOC_FAILED/i.test(error.message);
}
