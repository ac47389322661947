import { bytesText, checkNewFolder } from '@simvlm/checkpoint/node';
import { ConfigError } from '@simvlm/core';
import type { ImportedModel } from '@simvlm/pretrained';
import {
  hubSnapshot,
  importFolder,
  isCheckpoint,
  isHubName,
  neededFiles,
  openPretrainedFolder,
} from '@simvlm/pretrained/node';
import { hubReports } from '@simvlm/run/node';
import { exitCode } from '../exit-code';
import { checkOutputFolder } from '../io/output-file';
import { printLine, Terminal } from '../terminal';

export interface ImportOptions {
  out: string;
  weights: 'float32' | 'float16';
  json?: boolean;
}

/** `simvlm import`: somebody else's model as a checkpoint of ours. */
export async function importModel(place: string, { out, weights, json }: ImportOptions): Promise<number> {
  const started = performance.now();
  await checkOutputFolder(out, 'give another folder with --out');
  await checkNewFolder(out);
  const terminal = new Terminal();
  const { folder, ...origin } = isHubName(place) ? await fromHub(place, terminal) : { folder: place };
  const dtype = weights === 'float16' ? 'F16' : 'F32';
  const { model, bytes } = await importFolder(await openPretrainedFolder(folder), out, { dtype, ...origin });
  const seconds = (performance.now() - started) / 1000;
  if (json) printLine(JSON.stringify({ ...reportOf(model), out, bytes, seconds }));
  else tell(terminal, model, `${bytesText(bytes)} in ${out}, ${seconds.toFixed(1)} s`);
  return exitCode.ok;
}

/** Downloads what an import needs. @throws ConfigError for a checkpoint of ours, which needs none */
async function fromHub(name: string, terminal: Terminal) {
  const reports = hubReports(name, terminal);
  const snapshot = await hubSnapshot(name, { ...reports, select: neededFiles });
  if (isCheckpoint(snapshot.files))
    throw new ConfigError(
      'CONFIG_INVALID',
      `${name} is a checkpoint of SimVLM: use it as it is, such as with --checkpoint ${name}`,
    );
  const { folder, repository, commit, offline } = snapshot;
  if (offline !== undefined) reports.onOffline(offline);
  return { folder, repository, revision: commit };
}

function reportOf({ source, config, weights, skipped, ignored }: ImportedModel) {
  const { family, repository, revision, license } = source;
  let parameters = 0;
  for (const { shape } of weights.tensors.values())
    parameters += shape.reduce((product, extent) => product * extent, 1);
  return {
    ...{ family, repository, revision, license, parameters, imageSize: config.imageSize, skipped, ignored },
  };
}

function tell(terminal: Terminal, model: ImportedModel, written: string): void {
  const { family, license, parameters, imageSize, skipped, ignored } = reportOf(model);
  terminal.note(
    `${family}, ${parameters.toLocaleString('en')} parameters, pictures of ${imageSize} × ${imageSize} pixels, ${license === undefined ? 'its folder names no licence' : `licence ${license}`}`,
  );
  if (skipped.length > 0) terminal.note(`not needed: ${skipped.join(', ')}`);
  if (ignored.length > 0)
    terminal.warn(
      `how it writes is not taken over whole: ${ignored.join(', ')}; its texts will be others than its makers'`,
    );
  terminal.note(written);
}
