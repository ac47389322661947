import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { presets } from '@simvlm/model';
import { pickBackend } from '@simvlm/runtime';
import * as tf from '@tensorflow/tfjs';
import { exitCode, version } from '../exit-code';
import { printLine } from '../terminal';

/** `simvlm info`: versions, machine and every backend with its state. */
export async function info({ json }: { json?: boolean }): Promise<number> {
  const picked = await pickBackend();
  const report = {
    version,
    node: process.versions.node,
    tfjs: tf.version.tfjs,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      platform: `${platform()} ${arch()}`,
    },
    backend: { name: picked.name, detail: picked.detail, reason: picked.reason },
    backends: picked.candidates,
    presets: Object.keys(presets),
  };
  if (json) {
    printLine(JSON.stringify(report, null, 2));
    return exitCode.ok;
  }
  const { machine } = report;
  printLine(`simvlm    ${version} (Node ${report.node}, tfjs ${report.tfjs})`);
  printLine(
    `machine   ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}`,
  );
  printLine(`backend   ${picked.name}: ${picked.detail}`);
  for (const { name, available, reason } of picked.candidates)
    printLine(`          ${available ? '✓' : '✗'} ${name}: ${reason}`);
  printLine(`presets   ${report.presets.join(', ')}`);
  return exitCode.ok;
}
