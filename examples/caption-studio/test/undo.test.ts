import { beforeAll, describe, expect, test } from 'vitest';
import { decodePicture } from '../src/engine/pictures';
import type { Rehearsal } from '../src/engine/rehearsal';
import {
  drawing,
  FakeOpfs,
  imported,
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

describe('back to the model before', () => {
  test('the shipped model, where nothing was taught before; the lessons stay', async () => {
    const engine = newEngine({ shipped: await smallCheckpoint() });
    await engine.start(() => {});
    const weights = await weightsOf(engine);
    await engine.teach(lessons, settings, listener().callbacks);
    expect(await weightsOf(engine)).not.toBe(weights);
    expect(await engine.undo()).toMatchObject({ name: 'shipped' });
    expect(await weightsOf(engine)).toBe(weights);
    expect(await engine.saved(lessons)).toBeUndefined();
    // And forth again, with the training.
    expect(await engine.undo()).toMatchObject({ name: 'taught', back: 'shipped' });
    expect(await engine.saved(lessons)).toMatchObject({ step: 12, settings });
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

describe('nothing that replaces a taught model loses it', () => {
  async function taught() {
    const opfs = new FakeOpfs();
    const shipped = await smallCheckpoint();
    const engine = newEngine({ shipped, opfs });
    await engine.start(() => {});
    await engine.teach(lessons, { ...settings, steps: 2 }, listener().callbacks);
    const reload = async () => {
      const reloaded = newEngine({ shipped, opfs });
      return { engine: reloaded, ...(await reloaded.start(() => {})) };
    };
    return { engine, reload, weights: await weightsOf(engine) };
  }

  test('the shipped model, and an imported one, also after a reload', async () => {
    const { engine, reload, weights } = await taught();
    expect(await engine.reset()).toMatchObject({ name: 'shipped', back: 'taught' });
    const first = await reload();
    expect(first.model).toMatchObject({ name: 'shipped', back: 'taught' });
    expect(await first.engine.undo()).toMatchObject({ name: 'taught', back: 'shipped' });
    expect(await weightsOf(first.engine)).toBe(weights);

    const other = [...(await smallCheckpoint('decoder-only'))].map(([name, bytes]) => ({ name, bytes }));
    expect(await imported(first.engine, other)).toMatchObject({ name: 'small', back: 'taught' });
    const second = await reload();
    expect(second.model).toMatchObject({ name: 'small', back: 'taught' });
    expect(await second.engine.undo()).toMatchObject({ name: 'taught', back: 'small' });
    expect(await weightsOf(second.engine)).toBe(weights);
  });

  test('another tab: what it has saved is read when this one takes over', async () => {
    const { engine, reload } = await taught();
    const other = await reload();
    await other.engine.teach(lessons, { ...settings, steps: 3 }, listener().callbacks);
    expect(await engine.saved(lessons)).toMatchObject({ step: 2 });
    expect((await engine.reopen()).model.name).toBe('taught');
    expect(await engine.saved(lessons)).toMatchObject({ step: 3 });
    expect(await weightsOf(engine)).toBe(await weightsOf(other.engine));
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
    expect((await reloaded.saved(taught))!.knowledge).toEqual([heard.knowledge[0], heard.knowledge.at(-1)]);
  });
});
