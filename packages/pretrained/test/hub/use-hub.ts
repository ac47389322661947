import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HubOptions, hubSettings } from '@simvlm/pretrained/node';
import { onTestFinished } from 'vitest';
import { type LocalHub, type LocalHubOptions, startHub } from './local-hub';

/** A folder for the test that runs. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'simvlm-hub-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A hub and an empty cache for the test that runs. */
export async function useHub(
  options: LocalHubOptions = {},
  env: Record<string, string> = {},
): Promise<{ hub: LocalHub; cache: string; options: HubOptions }> {
  const hub = await startHub(options);
  onTestFinished(() => hub.close());
  const cache = await temporaryFolder();
  const settings = await hubSettings({ HF_ENDPOINT: hub.url, HF_HUB_CACHE: cache, HF_HOME: cache, ...env });
  return { hub, cache, options: { settings, delays: [1, 1, 1] } };
}

const text = (value: string) => new TextEncoder().encode(value);

/** Bytes of a file of weights, which no two lengths or seeds share. */
export const weights = (length: number, seed = 7) =>
  Uint8Array.from({ length }, (_, i) => (i * i * seed + (i >> 3)) & 255);

/** A repository like that of a captioner. */
export const captioner = (changed: Record<string, Uint8Array> = {}) => ({
  name: 'some-one/git-tiny',
  files: new Map(
    Object.entries({
      '.gitattributes': text('*.safetensors filter=lfs\n'),
      'README.md': text('---\nlicense: mit\n---\n'),
      'config.json': text('{"model_type":"git"}'),
      'model.safetensors': weights(300_000),
      'pytorch_model.bin': weights(300_000, 5),
      'onnx/model.onnx': weights(1000),
      'vocab.txt': text('[PAD]\n[UNK]\n'),
      ...changed,
    }),
  ),
});
