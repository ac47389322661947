/**
 * Training, a transformer stack and decoding on WebGPU, in Chromium and on Dawn in one run: our backend beside the same model composed of
 * plain tfjs operations, jax-js and onnxruntime-web. With `page` it serves the same as a page, to be opened by hand in any browser.
 */

import { progress } from './lib/progress';
import type { BenchOptions, BenchResult } from './lib/table';
import type { Plan } from './webgpu/contest';
import { dawn, isSoftware, startChromium } from './webgpu/places';
import { measure, parts } from './webgpu/report';
import { startSite } from './webgpu/site';

const full: Plan = { rounds: 4, warmUp: 1, tokens: 16, decoded: [1, 8] };
const quick: Plan = { rounds: 2, warmUp: 1, tokens: 3, decoded: [1] };
/** Always the same, so that the address can be remembered. */
const PAGE_PORT = 4174;

export async function run(options: BenchOptions & { readonly page: boolean }): Promise<BenchResult> {
  if (options.page) return servePage();
  const wanted = options.part?.split(',') ?? parts;
  const known = parts.filter(part => wanted.includes(part));
  if (known.length !== wanted.length)
    throw new Error(`--part takes ${parts.join(', ')}; got ${options.part}`);
  const site = await startSite();
  const chromium = await startChromium(site.address).catch(error => {
    site.stop();
    throw new Error(`Chromium does not start (set CHROMIUM to its path): ${(error as Error).message}`);
  });
  const missing: string[] = [];
  try {
    const result = await measure(
      {
        places: [chromium, dawn],
        scale: isSoftware ? 'software' : 'gpu',
        plan: options.quick ? quick : full,
        progress,
        missing: (what, error) =>
          missing.push(
            what === 'onnxruntime-web in Dawn'
              ? 'onnxruntime-web: in Chromium only, as its WebGPU needs a browser'
              : `${what} left out: ${error.message}`,
          ),
      },
      known,
    );
    const notes = isSoftware
      ? ['no GPU here: all of it ran on the processor (SwiftShader), in Chromium and on Dawn']
      : [];
    return {
      ...result,
      versions: { ...result.versions, Chromium: chromium.version },
      notes: [...(result.notes ?? []), ...missing, ...notes],
    };
  } finally {
    await chromium.stop();
    site.stop();
  }
}

async function servePage(): Promise<never> {
  const { address } = await startSite(PAGE_PORT);
  console.log(`the benchmark is at ${address}; Ctrl+C ends it`);
  return new Promise(() => {});
}
