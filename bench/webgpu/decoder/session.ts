/** The decoder in ONNX Runtime's WebGPU execution provider: greedy decoding whose keys and values stay on the device. In a page only. */

import { smallConfig } from '../../lib/simvlm-problem';
import type { Observed } from '../observe';
import manifest from '../peers/package.json';
import { IMAGE_TOKENS, type Scale } from '../problem';
import type { DecoderMemory, Generation, Logits, Request } from '../protocol';
import { decoderStep, names } from './graph';

/** What we call of onnxruntime-web, which is no part of the workspace: the page's server has it under this path. */
const RUNTIME = '/onnxruntime/';

interface OrtTensor {
  getData(): Promise<Float32Array | BigInt64Array>;
  dispose(): void;
}
interface OrtSession {
  run(feeds: Record<string, OrtTensor>, fetches: string[]): Promise<Record<string, OrtTensor>>;
}
interface Ort {
  readonly env: { readonly wasm: { wasmPaths: string; numThreads: number }; logLevel: string };
  readonly Tensor: new (type: string, data: Float32Array | Int32Array, dims: number[]) => OrtTensor;
  readonly InferenceSession: { create(bytes: Uint8Array, options: object): Promise<OrtSession> };
}

const { heads: H, width: D, layers, tokens: special, vocabSize } = smallConfig;
const each = Array.from({ length: layers }, (_, i) => names(i));

export async function onnxRunner(observed: Observed, scale: Scale) {
  const ort = (await import(/* @vite-ignore */ `${RUNTIME}ort.webgpu.min.mjs`)) as Ort;
  ort.env.wasm.wasmPaths = RUNTIME;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const onDevice = Object.fromEntries(
    each.flatMap(({ present }) => present).map(name => [name, 'gpu-buffer']),
  );
  const session = await ort.InferenceSession.create(decoderStep(scale), {
    executionProviders: ['webgpu'],
    graphOptimizationLevel: 'all',
    preferredOutputLocation: onDevice,
  });
  let memory: DecoderMemory | undefined;

  /** Feeds tokens one after another; `choose` is given what was fetched of each step, and says what comes next. */
  async function decode<T extends string>(
    steps: number,
    fetched: T,
    choose: (value: Float32Array | BigInt64Array, step: number) => ArrayLike<number>,
  ): Promise<void> {
    const { rows, keys, values } = memory!;
    const inputs: Record<string, OrtTensor> = {};
    for (const [i, name] of each.entries())
      for (const [j, list] of [keys[i]!, values[i]!].entries()) {
        inputs[name.memory[j]!] = new ort.Tensor('float32', Float32Array.from(list), [
          rows,
          H,
          IMAGE_TOKENS,
          D / H,
        ]);
        inputs[name.past[j]!] = new ort.Tensor('float32', new Float32Array(0), [rows, H, 0, D / H]);
      }
    let tokens: ArrayLike<number> = new Int32Array(rows).fill(special.bos);
    for (let step = 0; step < steps; step++) {
      const feeds = {
        ...inputs,
        tokens: new ort.Tensor('int32', Int32Array.from(tokens), [rows, 1]),
        position: new ort.Tensor('int32', Int32Array.of(step), [1]),
      };
      const outputs = await session.run(feeds, [fetched, ...Object.keys(onDevice)]);
      for (const { past, present } of each)
        for (const [j, name] of past.entries()) {
          inputs[name]!.dispose();
          inputs[name] = outputs[present[j]!]!;
        }
      tokens = choose(await outputs[fetched]!.getData(), step);
      outputs[fetched]!.dispose();
    }
    for (const tensor of Object.values(inputs)) tensor.dispose();
  }

  async function generation({ rows, tokens }: { rows: number; tokens: number }): Promise<Generation> {
    if (memory?.rows !== rows) throw new Error(`a memory of ${rows} rows is needed first`);
    const generated = Array.from({ length: rows }, () => [] as number[]);
    const [start, before] = [performance.now(), observed.launches];
    await decode(tokens, 'best', best => {
      const next = Array.from(best, Number);
      for (const [row, token] of next.entries()) generated[row]!.push(token);
      return next;
    });
    return {
      milliseconds: performance.now() - start,
      launches: observed.launches - before,
      tokens: generated,
    };
  }

  async function logits(tokens: readonly number[]): Promise<Logits> {
    const result: number[] = [];
    await decode(tokens.length, 'logits', (values, step) => {
      for (const value of values.subarray(0, vocabSize)) result.push(Number(value));
      return new Int32Array(memory!.rows).fill(tokens[step]!);
    });
    return result;
  }

  return {
    version: manifest.dependencies['onnxruntime-web'],
    async answer(request: Request): Promise<unknown> {
      if ('remember' in request) {
        memory = request.remember;
        return {};
      }
      if ('generate' in request) return generation(request.generate);
      if ('logits' in request) return logits(request.logits.tokens);
      throw new Error(`ONNX Runtime is not asked for ${Object.keys(request)}`);
    },
  };
}
