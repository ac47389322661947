import { opfsStorage } from '@simvlm/checkpoint/browser';
import { expect, test } from 'vitest';
import { FakeOpfs } from '../../checkpoint/test/fake-opfs';
import { baseConfig, run, useBackend } from './tiny';

test('a training that was reloaded goes on from OPFS bit for bit', async () => {
  await useBackend('wasm');
  const whole = await run();
  const storage = opfsStorage({ root: new FakeOpfs().root });
  const first = await run({ storage, stopAt: 5 });
  const rest = await run({ storage, resume: (await storage.latest())! });
  expect([...first.losses, ...rest.losses]).toEqual(whole.losses);
  expect(rest.losses).toHaveLength(baseConfig.steps! - 5);
  expect(rest.weights).toEqual(whole.weights);
});
