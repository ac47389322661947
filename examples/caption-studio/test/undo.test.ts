import { beforeAll, describe, expect, test } from 'vitest';
import { decodePicture } from '../src/engine/pictures';
import type { Rehearsal } from '../src/engine/rehearsal';
import {
  drawing,
  FakeOpfs,
  listener,
  newEngine,
  settings,
  smallCheckpoint,
  someLessons,
  taughtCheckpoint,
  weightsOf,
} from './fixture';

let lessons: Awaited<ReturnType<typeof someLessons>>;
beforeAll(async () => {
  lessons = await someLessons();
});

describe('back to the model before a training', () => {
  test('the shipped model, where nothing was taught before; the lessons stay', async () => {
    const engine = newEngine({ shipped: await smallCheckpoint() });
    await engine.start(() => {});
    const weights = await weightsOf(engine);
    await engine.teach(lessons, settings, listener().callbacks);
    expect(await weightsOf(engine)).not.toBe(weights);
    expect(await engine.undo()).toMatchObject({ name: 'shipped' });
    expect(await weightsOf(engine)).toBe(weights);
    expect(await engine.saved()).toMatchObject({ step: 0, lessons: [{}, {}, {}, {}] });
  });

  test('the last taught one, also after a reload, and in the middle of a training', async () => {
    const opfs = new FakeOpfs();
    const shipped = await smallCheckpoint();
    const first = newEngine({ shipped, opfs });
    await first.teach(lessons, settings, listener().callbacks);
    const weights = await weightsOf(first);
    const { callbacks } = listener(({ step }) => {
      if (step === 3) void first.pause();
    });
    await first.teach(lessons.slice(1), { ...settings, seed: 2 }, callbacks);
    const reloaded = newEngine({ shipped, opfs });
    await reloaded.start(() => {});
    expect(await weightsOf(reloaded)).not.toBe(weights);
    expect(await reloaded.undo()).toMatchObject({ name: 'taught' });
    expect(await weightsOf(reloaded)).toBe(weights);
    expect(await weightsOf(newEngine({ shipped, opfs }))).not.toBe(weights);
    const again = newEngine({ shipped, opfs });
    await again.start(() => {});
    expect(await weightsOf(again)).toBe(weights);
  });
});

describe('a model that does not know the pictures by name', () => {
  test('keeps what it says of them, and goes on with the same after a reload, bit for bit', async () => {
    const shipped = await taughtCheckpoint('decoder-only');
    const drawn = async (colour: 'red' | 'green' | 'blue', shape: 'square' | 'disc' | 'cross') => ({
      ...{ id: `known-${colour}-${shape}`, text: 'what nobody says' },
      image: await decodePicture((await drawing(colour, shape)).file, colour, 32),
    });
    const all: Rehearsal = {
      rehearsed: [await drawn('red', 'disc'), await drawn('green', 'square')],
      known: [await drawn('blue', 'cross')],
    };
    const rehearsal = async () => all;
    const taught = [{ ...lessons[0]!, caption: 'a blue disc' }];
    const whole = newEngine({ shipped, rehearsal });
    await whole.start(() => {});
    const { heard, callbacks } = listener();
    await whole.teach(taught, { ...settings, steps: 8 }, callbacks);
    expect(heard.knowledge[0]!.known).toEqual([{ index: 0, caption: 'a blue cross', text: 'a blue cross' }]);
    expect(heard.knowledge.map(({ step }) => step)).toEqual([0, 2, 4, 6, 8]);

    const opfs = new FakeOpfs();
    const paused = newEngine({ shipped, rehearsal, opfs });
    await paused.start(() => {});
    const stops = listener(({ step }) => {
      if (step === 3) void paused.pause();
    });
    await paused.teach(taught, { ...settings, steps: 8 }, stops.callbacks);
    const reloaded = newEngine({ shipped, rehearsal, opfs });
    await reloaded.start(() => {});
    const ends = listener();
    await reloaded.teach(taught, { ...settings, steps: 8 }, ends.callbacks);
    expect(ends.heard.steps[0]!.step).toBe(4);
    expect(ends.heard.knowledge.at(-1)).toEqual(heard.knowledge.at(-1));
    expect(await weightsOf(reloaded)).toBe(await weightsOf(whole));
    expect((await reloaded.saved())!.knowledge).toEqual([heard.knowledge[0], heard.knowledge.at(-1)]);
  });
});
