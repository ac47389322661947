import { presets } from '@simvlm/model';
import { pickBackend } from '@simvlm/runtime';
import * as tf from '@tensorflow/tfjs';
import { machine, machineLine } from '../environment';
import { exitCode, version } from '../exit-code';
import { printLine } from '../terminal';

/** `simvlm info`: versions, machine and every backend with its state. */
export async function info({ json }: { json?: boolean }): Promise<number> {
  const picked = await pickBackend();
  const report = {
    version,
    node: process.versions.node,
    tfjs: tf.version.tfjs,
    machine: machine(),
    backend: { name: picked.name, detail: picked.detail, reason: picked.reason },
    backends: picked.candidates,
    presets: Object.keys(presets),
  };
  if (json) {
    printLine(JSON.stringify(report, null, 2));
    return exitCode.ok;
  }
  printLine(`simvlm    ${version} (tfjs ${report.tfjs})`);
  printLine(`machine   ${machineLine()}`);
  printLine(`backend   ${picked.name}: ${picked.detail}`);
  for (const { name, available, reason } of picked.candidates)
    printLine(`          ${available ? '✓' : '✗'} ${name}: ${reason}`);
  printLine(`presets   ${report.presets.join(', ')}`);
  return exitCode.ok;
}
