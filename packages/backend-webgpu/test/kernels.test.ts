import { describeKernels } from '@simvlm/conformance';
import { describe, ready } from './node';

const largeAngle = 'the sine of 1e30 is left to the GPU, which has no digits for it';
const complexNumbers = "tfjs's kernels of complex numbers are not ours to mend";

// The README names them as well.
describe('conformance', () =>
  describeKernels('webgpu', ready, {
    'sin where it is hard': largeAngle,
    'cos where it is hard': largeAngle,
    'tan where it is hard': largeAngle,
    'complex numbers': complexNumbers,
    'fft round trip': complexNumbers,
    'fft, ifft, rfft and irfft of 8': complexNumbers,
    'fft, ifft, rfft and irfft of 13': complexNumbers,
    'unique keeps the order of first places': 'tfjs has no kernel Unique for webgpu',
    nonMaxSuppression: 'tfjs has no kernel NonMaxSuppressionV4 for webgpu',
    'cropAndResize, nearest, also beyond the image': 'tfjs takes other pixels',
  }));
