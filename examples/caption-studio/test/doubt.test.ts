import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkpointFiles } from '@simvlm/checkpoint';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { checkpointFolder } from '@simvlm/checkpoint-emoji';
import { expect, test } from 'vitest';
import type { Picture } from '../src/engine/engine';
import { openRehearsal } from '../src/engine/rehearsal';
import { defaults } from '../src/page/state/teach-defaults';
import { FakeOpfs, listener, newEngine } from './fixture';

const file = (path: string) => readFileSync(new URL(path, import.meta.url));
const rehearsal = () =>
  openRehearsal(
    file('../rehearsal/pictures.webp'),
    JSON.parse(file('../rehearsal/captions.json').toString('utf8')),
  );

const photographs: Picture[] = ['cat', 'coffee', 'farmhouse', 'grass', 'tui', 'gravel'].map(name => ({
  ...{ id: name, name: `${name}.jpg` },
  file: new Blob([file(`../../../packages/checkpoint-emoji/test/photographs/${name}.jpg`)]),
}));

test('a photograph that was taught is known, also after a reload; others are not, and none after an undo', async () => {
  const shipped = await checkpointFiles(await openCheckpoint(fileURLToPath(checkpointFolder)));
  const parts = { shipped, rehearsal, opfs: new FakeOpfs() };
  const engine = newEngine(parts);
  await engine.start(() => {});
  const say = (picture: Picture, by = engine) => by.caption(picture, () => {});
  const strange: Picture[] = [];
  for (const picture of photographs) if ((await say(picture)).unsure) strange.push(picture);
  const [taught, ...others] = strange;
  expect(others.length).toBeGreaterThan(1);

  const lesson = { picture: taught!, caption: 'my own picture', heldOut: false };
  await engine.teach([lesson], defaults, listener().callbacks);
  expect(await say(taught!)).toMatchObject({ text: 'my own picture', unsure: false });
  const still: boolean[] = [];
  for (const picture of others) still.push((await say(picture)).unsure);
  expect(still).toContain(true);
  const reloaded = newEngine(parts);
  await reloaded.start(() => {});
  expect(await say(taught!, reloaded)).toMatchObject({ text: 'my own picture', unsure: false });
  await reloaded.undo();
  expect((await say(taught!, reloaded)).unsure).toBe(true);
});
