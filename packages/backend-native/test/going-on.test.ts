import * as tf from '@tensorflow/tfjs-core';
import { describeGoingOn } from '../../trainer/test/describe-going-on';
import { registerNativeBackend } from '../src/index';
import { describeNative } from './libtorch';

describeNative('several processes', () => {
  describeGoingOn('native', async () => {
    await registerNativeBackend({ device: 'cpu', threads: 1 });
    await tf.setBackend('native');
  });
});
