import { beforeAll, describe, expect, test } from 'vitest';
import {
  FakeOpfs,
  failureOf,
  listener,
  newEngine,
  settings,
  smallCheckpoint,
  someLessons,
  weightsOf,
} from './fixture';

let shipped: Awaited<ReturnType<typeof smallCheckpoint>>;
let lessons: Awaited<ReturnType<typeof someLessons>>;
beforeAll(async () => {
  shipped = await smallCheckpoint();
  lessons = await someLessons();
});

async function started(options: Omit<Parameters<typeof newEngine>[0], 'shipped'> = {}) {
  const engine = newEngine({ shipped, ...options });
  const start = await engine.start(() => {});
  return { engine, ...start };
}

describe('teaching', () => {
  test('three pictures are learnt, and those held out are captioned on the way', async () => {
    const { engine } = await started();
    const { heard, callbacks } = listener();
    const status = await engine.teach(lessons, { ...settings, steps: 60, batchSize: 8 }, callbacks);
    expect(status).toEqual({ state: 'done', step: 60, steps: 60 });
    expect(heard.statuses).toEqual([{ state: 'running', step: 0, steps: 60 }, status]);
    expect(heard.steps.map(({ step }) => step)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(heard.steps.at(-1)!.loss).toBeLessThan(heard.steps[0]!.loss / 4);
    expect(heard.steps.every(({ rowsPerSecond }) => rowsPerSecond > 0)).toBe(true);
    // Before and after of each lesson, the held-out one among them.
    const [before, after] = [heard.knowledge[0]!, heard.knowledge.at(-1)!];
    expect([before.step, before.learned, after.step, after.learned]).toEqual([
      ...[0, { right: 0, of: 3 }, 60, { right: 3, of: 3 }],
    ]);
    expect(Object.keys(before.said)).toEqual(['red-disc', 'green-square', 'blue-cross', 'red-square']);
    expect(after.said).toMatchObject({ 'red-disc': 'a red disc', 'blue-cross': 'a blue cross' });
    expect(heard.notices).toEqual([]);
    const said = [];
    for (const { picture, heldOut } of lessons)
      if (!heldOut) said.push((await engine.caption(picture, () => {})).text);
    expect(said).toEqual(['a red disc', 'a green square', 'a blue cross']);
    expect((await engine.info()).model).toMatchObject({ name: 'taught', card: '# A small model\n' });
  });

  test('letters that the model does not know, and captions that are too long, are told before the first step', async () => {
    const { engine } = await started();
    const { heard, callbacks } = listener(({ step }) => {
      expect([step, heard.notices.length]).toEqual([step, 1]);
    });
    const [first, second, ...others] = lessons;
    const long = { ...second!, caption: 'a red square '.repeat(10) };
    const given = [{ ...first!, caption: 'a red dísc 日' }, long, ...others];
    await engine.teach(given, { ...settings, steps: 2 }, callbacks);
    expect(heard.notices).toEqual([
      expect.objectContaining({
        title: 'The model does not know “í” “日”. One caption is too long',
        advice: expect.stringMatching(/write the captions without them\. It reads 15 tokens/),
      }),
    ]);
  });

  test('a training that was paused, and one after a reload, goes on bit for bit', async () => {
    const whole = await started();
    const all = listener();
    await whole.engine.teach(lessons, settings, all.callbacks);

    const opfs = new FakeOpfs();
    const first = await started({ opfs });
    const before = listener(({ step }) => {
      // Resolves when the training has ended, for which it waits for us.
      if (step === 4 || step === 9) void first.engine.pause();
    });
    expect(await first.engine.teach(lessons, settings, before.callbacks)).toEqual({
      ...{ state: 'paused', step: 4, steps: 12 },
    });
    expect(await first.engine.teach(lessons, settings, before.callbacks)).toMatchObject({ step: 9 });
    // The page is loaded again.
    const engine = newEngine({ shipped, opfs });
    const starting = engine.start(() => {});
    // A page may ask at once.
    const saved = (await engine.saved(lessons))!;
    const second = { engine, ...(await starting) };
    expect(second.model.name).toBe('taught');
    expect(saved).toMatchObject({ step: 9, settings });
    expect(saved.losses).toEqual(before.heard.steps.map(({ step, loss }) => ({ step, loss })));
    // Of other lessons it is no training.
    expect(await engine.saved(lessons.slice(1))).toBeUndefined();
    const after = listener();
    expect(await second.engine.teach(lessons, saved.settings, after.callbacks)).toMatchObject({
      state: 'done',
    });
    expect(after.heard.statuses[0]).toEqual({ state: 'running', step: 9, steps: 12 });
    const losses = [...before.heard.steps, ...after.heard.steps].map(({ loss }) => loss);
    expect(losses).toEqual(all.heard.steps.map(({ loss }) => loss));
    expect(await weightsOf(second.engine)).toEqual(await weightsOf(whole.engine));
  });

  test('other lessons, and the same ones when they are done, begin a training of their own', async () => {
    const { engine } = await started();
    const short = { ...settings, steps: 2 };
    const { heard, callbacks } = listener();
    await engine.teach(lessons, short, callbacks);
    await engine.teach(lessons, short, callbacks);
    await engine.teach(lessons.slice(1), short, callbacks);
    expect(heard.steps.map(({ step }) => step)).toEqual([1, 2, 1, 2, 1, 2]);
    // With more steps the same training goes on.
    await engine.teach(lessons.slice(1), { ...short, steps: 3 }, callbacks);
    expect(heard.steps.at(-1)).toMatchObject({ step: 3, steps: 3 });
    expect(heard.steps).toHaveLength(7);
  });

  test('a picture can be captioned between two steps, and reset or import pause the training', async () => {
    const { engine } = await started();
    const weights = await weightsOf(engine);
    const order: string[] = [];
    let reset: Promise<unknown> | undefined;
    const { callbacks } = listener(({ step }) => {
      order.push(`step ${step}`);
      if (step === 2) void engine.caption(lessons[3]!.picture, () => {}).then(() => order.push('caption'));
      if (step === 4) reset = engine.reset();
    });
    const status = await engine.teach(lessons, settings, callbacks);
    expect(status).toEqual({ state: 'paused', step: 4, steps: 12 });
    expect(order).toEqual(['step 1', 'step 2', 'caption', 'step 3', 'step 4']);
    expect(await reset).toMatchObject({ name: 'shipped' });
    expect(await weightsOf(engine)).toEqual(weights);
    expect(await engine.saved(lessons)).toBeUndefined();
  });

  test('memory does not grow over the steps, nor over trainings', async () => {
    const { engine } = await started();
    const tensors: number[] = [];
    const { callbacks } = listener(async () => void tensors.push((await engine.memory()).tensors));
    await engine.teach(lessons, { ...settings, steps: 40 }, callbacks);
    expect(new Set(tensors.slice(1)).size).toBe(1);
    const after = await engine.memory();
    await engine.teach(lessons, { ...settings, steps: 3, seed: 2 }, callbacks);
    expect(await engine.memory()).toEqual(after);
  });
});

describe('what cannot be taught is refused before anything changes', () => {
  test.each([
    ['no lesson at all', () => []],
    ['only held-out ones', () => lessons.slice(3)],
    ['an empty caption', () => [{ ...lessons[0]!, caption: ' ' }]],
  ])('%s', async (_, some) => {
    const { engine } = await started();
    const { heard, callbacks } = listener();
    const failure = await failureOf(engine.teach(some(), settings, callbacks));
    expect(failure.code).toBe('LESSONS_UNUSABLE');
    expect(heard.statuses).toEqual([]);
    expect((await engine.info()).model.name).toBe('shipped');
  });

  test('a broken picture among the lessons, which is named', async () => {
    const { engine } = await started();
    const file = new Blob(['no picture']);
    const broken = { ...lessons[0]!, picture: { id: 'x', name: 'holiday.png', file } };
    const failure = await failureOf(engine.teach([broken], settings, listener().callbacks));
    expect(failure).toMatchObject({ code: 'PICTURE_NOT_AN_IMAGE', title: 'holiday.png is not a picture' });
  });

  test('a second training while one runs', async () => {
    const { engine } = await started();
    const second: Promise<unknown>[] = [];
    const { callbacks } = listener(({ step }) => {
      if (step === 1) second.push(failureOf(engine.teach(lessons, settings, listener().callbacks)));
    });
    expect(await engine.teach(lessons, { ...settings, steps: 2 }, callbacks)).toMatchObject({
      state: 'done',
    });
    expect(await second[0]).toMatchObject({ title: 'A training is running already' });
  });
});
