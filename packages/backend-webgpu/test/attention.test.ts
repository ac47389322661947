import { describeAttention } from '@simvlm/conformance';
import { describe, ready } from './node';

describe('conformance', () => describeAttention('webgpu', ready));
