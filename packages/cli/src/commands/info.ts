import { cpuLine, type NativeReport, nativeReport } from '@simvlm/backend-native';
import { presets } from '@simvlm/model';
import { pickBackend } from '@simvlm/runtime';
import * as tf from '@tensorflow/tfjs-core';
import { machine, machineLine } from '../environment';
import { exitCode, version } from '../exit-code';
import { printLine } from '../terminal';

/** `simvlm info`: versions, machine, every backend with its state, and what the native one has to work with. */
export async function info({ json }: { json?: boolean }): Promise<number> {
  const picked = await pickBackend();
  const native = await nativeReport();
  const report = {
    version,
    node: process.versions.node,
    tfjs: tf.version_core,
    machine: machine(),
    backend: {
      name: picked.name,
      detail: picked.detail,
      precision: picked.precision,
      reason: picked.reason,
    },
    backends: picked.candidates,
    native,
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
    printLine(
      `          ${available ? '✓' : '✗'} ${name}: ${name === 'native' ? nativeState(native, available) : reason}`,
    );
  for (const [i, line] of nativeLines(native).entries())
    printLine(`${(i === 0 ? 'native' : '').padEnd(10)}${line}`);
  printLine(`presets   ${report.presets.join(', ')}`);
  return exitCode.ok;
}

/** Details stand in the lines about native. */
function nativeState({ libtorch }: NativeReport, available: boolean): string {
  if (!libtorch) return 'no libtorch';
  return `libtorch ${libtorch.version}${available ? '' : ', not usable as it is'}`;
}

/** At most five lines: libtorch, how the CPU computes, devices, precisions, and why it is not better. */
export function nativeLines({ libtorch, cpu, devices, precisions, advice }: NativeReport): string[] {
  const lines: string[] = [];
  if (libtorch) {
    const { version, cuda, folder, source } = libtorch;
    const through = folder.startsWith(source) ? '' : ` (through ${source})`;
    lines.push(
      `libtorch ${version}, ${cuda === null ? 'without CUDA' : `CUDA ${cuda}`}, in ${folder}${through}`,
    );
  }
  if (cpu) lines.push(`CPU: ${cpuLine(cpu)}`);
  if (devices.length > 0)
    lines.push(
      `devices: ${devices.map(({ name, description }) => (name === 'cpu' ? name : `${name} (${description})`)).join(', ')}`,
    );
  if (precisions.length > 0)
    lines.push(
      `precision: ${precisions.map(({ name, hardware }) => (hardware ? name : `${name} (the CPU has no instructions for it)`)).join(', ')}`,
    );
  if (advice.length > 0) lines.push(advice.join('; '));
  return lines;
}
