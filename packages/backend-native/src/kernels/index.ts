import { fusedKernels } from '../fused/index';
import { binaryKernels } from './binary';
import { convKernels } from './conv';
import { countKernels } from './count';
import { createKernels } from './create';
import { cropKernels } from './crop';
import { gatherKernels } from './gather';
import { hostKernels, orStrings } from './host';
import { joinKernels } from './join';
import type { NativeKernel } from './kernel';
import { matmulKernels } from './matmul';
import { normalizeKernels } from './normalize';
import { poolKernels } from './pool';
import { reductionKernels } from './reduce';
import { resizeKernels } from './resize';
import { sortKernels } from './sort';
import { unaryKernels } from './unary';
import { viewKernels } from './view';

const own: readonly NativeKernel[] = [
  ...binaryKernels,
  ...unaryKernels,
  ...reductionKernels,
  ...matmulKernels,
  ...convKernels,
  ...poolKernels,
  ...normalizeKernels,
  ...viewKernels,
  ...joinKernels,
  ...gatherKernels,
  ...countKernels,
  ...sortKernels,
  ...resizeKernels,
  ...cropKernels,
  ...createKernels,
  ...fusedKernels,
];

/** The kernels of tfjs's own operations and the fused ones. */
export const kernels: readonly NativeKernel[] = [...own.map(orStrings), ...hostKernels];
