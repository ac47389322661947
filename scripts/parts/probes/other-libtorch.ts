/** Whether there is another libtorch that the native addon can be compiled for: `cuda`, with NCCL's headers, or `debian`. */
import { featuresOf } from '../../../packages/backend-native/src/addon/features';
import { CUDA_LIBTORCH, cudaLibtorch, debianLibtorch } from '../libtorchs';
import { fail } from './fail';

const [kind] = process.argv.slice(2);
if (kind === 'debian' && !debianLibtorch()) fail('libtorch-dev is not installed');
if (kind === 'cuda') {
  const libtorch = cudaLibtorch();
  if (!libtorch) fail(`no libtorch with CUDA is here, and ${CUDA_LIBTORCH} names none`);
  const { nccl, leftOut } = featuresOf(libtorch, false);
  if (!nccl) fail(leftOut.join('; ') || 'it has no NCCL');
}
