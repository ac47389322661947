/** `conformance.mjs DEVICE`: the conformance suite on the native backend, without vitest; one line of JSON on stdout. */
import { type NativeOptions, registerNativeBackend } from '@simvlm/backend-native';
import { describeAttention, describeKernels, describeOps } from '@simvlm/conformance';
import * as vitest from 'vitest';

const device = process.argv[2] as NonNullable<NativeOptions['device']>;
const { deviceName, torchVersion } = await registerNativeBackend({ device });
const ready = async () => {};
describeKernels('native', ready);
describeOps('native', ready);
describeAttention('native', ready);

interface Report {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly { readonly name: string; readonly message: string }[];
}
/** In the bundle, vitest is the shim beside this file. */
const { runAll } = vitest as unknown as {
  runAll(onFailure: (failure: Report['failures'][number]) => void): Promise<Report>;
};
const report = await runAll(({ name, message }) => console.error(`FAILED ${name}: ${message}`));
console.error(`${report.passed} passed, ${report.failed} failed on ${deviceName}`);
console.log(JSON.stringify({ device, deviceName, libtorch: torchVersion, ...report }));
process.exitCode = report.failed === 0 && report.passed > 0 ? 0 : 1;
