import { describeOps } from '@simvlm/conformance';
import { describe, ready } from './node';

describe('conformance', () => describeOps('webgpu', ready));
