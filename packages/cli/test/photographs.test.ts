import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { loadModel, openCaptioner } from '@simvlm/run';
import { pickBackend } from '@simvlm/runtime';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { serve } from '../../bytes/test/serve';
import { startHub } from '../../pretrained/test/hub/local-hub';
import { configs, filesOf } from '../../pretrained/test/small-folder';
import { drawFolder, simvlm, workingFolder } from './fixture';
import { codeBlocks, pageCommands, readPage } from './page-commands';

const page = readPage('photographs.md');
const commands = pageCommands(page);

const vocabulary = [
  ...['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'photo', 'of', 'what', 'colour', 'is', 'it', '?'],
  ...['red', 'green', 'blue', 'black', 'square', 'disc', 'cross'],
];
const sizes = { vocab_size: vocabulary.length, max_position_embeddings: 40 };

/** What stands on the hub under the names of the page: small models of the same kinds. */
const published = {
  'microsoft/git-base-coco': { ...configs.git, ...sizes },
  'Salesforce/blip-vqa-base': {
    ...configs.blipVqa,
    text_config: { ...configs.blipVqa.text_config, ...sizes, bos_token_id: 2 },
  },
};

let folder: ReturnType<typeof workingFolder>;
let hub: Awaited<ReturnType<typeof startHub>>;
beforeAll(async () => {
  folder = workingFolder();
  hub = await startHub();
  const words = new TextEncoder().encode(`${vocabulary.join('\n')}\n`);
  for (const [name, config] of Object.entries(published))
    hub.push({ name, files: new Map([...filesOf(config), ['vocab.txt', words]]) });
  vi.stubEnv('HF_ENDPOINT', hub.url);
  vi.stubEnv('HF_HOME', join(folder.path, 'cache'));
  await photographs('photos', 16, 1);
  await photographs('held-out', 8, 2);
  writeFileSync('caption.txt', 'a red disc\n');
  await pickBackend({ prefer: 'wasm' });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  folder.leave();
});

/** Drawn pictures as JPEG files, with their captions. */
async function photographs(name: string, count: number, seed: number): Promise<void> {
  await drawFolder('drawn', count, seed);
  mkdirSync(name);
  const lines = readFileSync('drawn/captions.jsonl', 'utf8');
  for (let i = 0; i < count; i++)
    await sharp(`drawn/${i}.png`).resize(48, 40, { fit: 'fill' }).jpeg().toFile(`${name}/${i}.jpg`);
  writeFileSync(`${name}/captions.jsonl`, lines.replaceAll('.png', '.jpg'));
}

test('the page has the commands that this test is about', () => {
  expect(commands.length).toBeGreaterThan(15);
});

test('every command of the page does what it says, in the order of the page', async () => {
  for (const command of commands) {
    const computes = /^(caption|answer|score|eval|finetune)$/.test(command[0]!);
    const { code, err } = await simvlm(...command, ...(computes ? ['--backend', 'wasm'] : []));
    expect(code, `${command.join(' ')}\n${err}`).toBe(0);
  }
  expect(readdirSync('for-transformers')).toEqual(
    expect.arrayContaining(['config.json', 'model.safetensors']),
  );
}, 120_000);

test('the page that it ends with captions as the command line does', async () => {
  const photograph = new Blob([readFileSync('held-out/1.jpg')]);
  const captioner = await openCaptioner(await openCheckpoint('web/model'));
  const [expected] = await captioner.caption([photograph]);
  captioner.dispose();
  const files = readdirSync('web/model').map(name => [name, readFileSync(`web/model/${name}`)] as const);
  const { url } = await serve(new Map(files.map(([name, bytes]) => [`model/${name}`, bytes])));
  const elements: Record<string, Record<string, unknown>> = { input: {}, output: {} };
  const [code] = codeBlocks(page, 'js');
  const body = code!.replace(/^import .*$/m, '');
  const run = new Function('loadModel', 'document', `return (async () => {${body}})();`);
  const load = (address: string) => loadModel(new URL(address, `${url}/`), { backend: 'wasm' });
  await run(load, { querySelector: (name: string) => elements[name] });
  await (elements.input!.onchange as (event: object) => Promise<void>)({ target: { files: [photograph] } });
  expect(elements.output!.textContent).toBe(expected!.text);
});
