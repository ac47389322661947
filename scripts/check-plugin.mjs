/**
 * The published example with a part of every kind, as somebody installs it: train, eval, caption and export by the command line, with its
 * source, patcher, objective, task, evaluator, callback and backend. Without the user's word none of it runs.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const PLUGIN = '@simvlm/example-plugin-every-kind';
const COLOURS = { red: [220, 40, 40], green: [40, 170, 70], blue: [50, 80, 220], yellow: [240, 210, 50] };

/** @param folder where everything is installed; commands run there */
export async function checkPlugin(folder) {
  await drawSquares(folder);
  const simvlm = async (...args) => {
    const env = { ...process.env, SIMVLM_BACKEND: 'wasm', NO_COLOR: '1' };
    const { stdout } = await exec(join(folder, 'node_modules/.bin/simvlm'), args, { cwd: folder, env });
    return stdout;
  };
  const trained = ['--checkpoint', 'runs/every-kind'];
  const allowed = ['--plugin', PLUGIN];

  await simvlm('train', `node_modules/${PLUGIN}/run.json`);
  const lines = readFileSync(join(folder, 'losses.csv'), 'utf8').trim().split('\n');
  expect(lines.length === 6, `the callback wrote ${lines.length} lines instead of 6`);

  const { results } = JSON.parse(await simvlm('eval', 'squares', '--json', ...trained, ...allowed));
  const { evaluator, metrics } = results[0];
  const { accuracy, count } = metrics;
  expect(evaluator === 'colours' && count === 4, 'eval does not use the evaluator of the task');
  expect(accuracy >= 0.75, `${accuracy} of the colours are right, and guessing gives 0.25`);

  await simvlm('export', '--out', 'exported', ...trained, ...allowed);
  const picture = 'squares/red.png';
  const said = [
    await simvlm('caption', picture, ...trained, ...allowed),
    await simvlm('caption', picture, '--backend', 'plain', '--checkpoint', 'exported', ...allowed),
  ];
  expect(
    said.every(text => text === 'red\n'),
    `the captions are ${JSON.stringify(said)}, not "red"`,
  );

  for (const args of [
    ['caption', picture],
    ['eval', 'squares'],
    ['export', '--out', 'again'],
  ]) {
    const error = await simvlm(...args, ...trained).catch(({ stderr }) => stderr);
    expect(
      error.includes(`if you trust them, add --plugin ${PLUGIN}`),
      `${args[0]} does not say what is missing`,
    );
  }
  expect(!existsSync(join(folder, 'again')), 'something was exported without the plug-in');
}

/** A folder of pictures, with the library that the packages bring. */
async function drawSquares(folder) {
  const sharp = createRequire(join(folder, 'package.json'))('sharp');
  const side = 32;
  mkdirSync(join(folder, 'squares'));
  const lines = [];
  for (const [colour, rgb] of Object.entries(COLOURS)) {
    const data = Buffer.alloc(side * side * 3, 255);
    for (let y = 8; y < 24; y++) for (let x = 8; x < 24; x++) data.set(rgb, (y * side + x) * 3);
    const file = join(folder, 'squares', `${colour}.png`);
    await sharp(data, { raw: { width: side, height: side, channels: 3 } })
      .png()
      .toFile(file);
    lines.push(JSON.stringify({ image: `${colour}.png`, text: `a ${colour} square`, colour }));
  }
  writeFileSync(join(folder, 'squares/captions.jsonl'), lines.join('\n'));
}

function expect(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}
