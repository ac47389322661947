import { readsPrefix } from '../layout';
import type { ModelCore } from '../network/contract';
import { defaultSampler, type GenerateRequest } from './request';

/** More of them are hardly faster. */
const MOST = 64;
/** For keys and values, beside the weights: WebAssembly has 4 GiB for everything. */
const BYTES = 512 * 2 ** 20;

/**
 * How many pictures to generate for in one request, 1 to 64: so many that the keys and values they are read by take about 512 MiB at most. Each
 * beam and each sample has its own, of the image too, and while they are copied those that they are copied from are still there.
 */
export function picturesAtOnce(
  { config, network }: ModelCore,
  request: Pick<GenerateRequest, 'sampler' | 'captions' | 'maxLength'> = {},
): number {
  const { width, layers, maxTextLength, generation } = config;
  const { sampler = defaultSampler(config, request), captions = 1 } = request;
  const texts = sampler.kind === 'beam' ? sampler.beams : captions;
  // An answer attends to its question, which alone looks at the image.
  const images = readsPrefix(config) === 'question' || texts === 1 ? 1 : texts + 1;
  const length = request.maxLength ?? generation?.maxLength ?? maxTextLength;
  const keysAndValues = 2 * Float32Array.BYTES_PER_ELEMENT * layers * width;
  const bytes = keysAndValues * (images * network.imageTokens + texts * length);
  return Math.max(1, Math.min(MOST, Math.floor(BYTES / bytes)));
}
