/** What is trained and decoded: an encoder-decoder of 4 + 4 layers, as large as the device can take. */
import type { SimVlmConfig } from '@simvlm/model';
import { smallConfig } from '../lib/simvlm-problem';

/** How large the work is: a device in software needs seconds for what a GPU does in milliseconds. */
export interface Scale {
  readonly config: SimVlmConfig;
  /** Of a batch of images and texts. */
  readonly rows: number;
  /** Of a batch of the stack alone, with 32 tokens each. */
  readonly stackRows: number;
  /** Extent of the square matrices that the ceiling is measured with. */
  readonly extent: number;
}

/** M: 64 pixels make 4 × 4 image tokens, either way. In software convolutions would be most of a step. */
export const IMAGE_TOKENS = 16;
export const scales = {
  software: {
    config: { ...smallConfig, patcher: { kind: 'linear', patchSize: 16 } },
    ...{ rows: 8, stackRows: 4, extent: 512 },
  },
  gpu: { config: smallConfig, rows: 32, stackRows: 32, extent: 2048 },
} as const satisfies Record<string, Scale>;
export type ScaleName = keyof typeof scales;
