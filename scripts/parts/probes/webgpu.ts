/** Whether WebGPU in Node finds a device, be it in software; with an argument, one with that feature. */
import { requestDevice } from '../../../packages/backend-webgpu/src/device';
import { takeSoftwareDriver } from '../chromium';
import { fail } from './fail';

const [feature] = process.argv.slice(2);
takeSoftwareDriver();
try {
  const { device } = await requestDevice({ software: true });
  if (feature !== undefined && !device.features.has(feature as GPUFeatureName))
    fail(`the adapter found has no ${feature}`);
} catch (error) {
  fail(error);
}
process.exit(0);
