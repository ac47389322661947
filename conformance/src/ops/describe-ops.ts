import { describe } from 'vitest';
import { withBackend } from '../with-backend';
import { describeCrossEntropy } from './cross-entropy';
import { describeDecodeLinear } from './decode-linear';
import { describeDropout } from './dropout';
import { describeEmbedding } from './embedding';
import { describeGroupNorm } from './group-norm';
import { describeLayerNorm } from './layer-norm';
import { describeLinear } from './linear';
import { describeOptimizer } from './optimizer';
import { describePixels } from './pixels';
import { describeQuantized } from './quantized';

/**
 * The fused operations of `@simvlm/ops` on `backendName` against float64: values, gradients by finite differences, what
 * kernels save, and that no tensor is left behind. `ready` registers the backend.
 */
export function describeOps(backendName: string, ready: () => Promise<void>): void {
  describe(`fused operations on ${backendName}`, () => {
    withBackend(backendName, ready);
    describeLayerNorm();
    describeGroupNorm();
    describeLinear();
    describeDecodeLinear();
    describeEmbedding();
    describeQuantized();
    describeCrossEntropy();
    describeDropout();
    describePixels();
    describeOptimizer();
  });
}
