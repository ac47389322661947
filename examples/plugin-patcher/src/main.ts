import { trainAndCaption } from './train-and-caption';

const steps = 200;
const { backend, captions, parameterNames } = await trainAndCaption({
  steps,
  seed: 1,
  onStep({ step, loss }) {
    if (step === 1 || step % 20 === 0) console.log(`step ${step} of ${steps}: loss ${loss.toFixed(3)}`);
  },
});
console.log(`trained on ${backend}`);
console.log(
  `the plug-in's parameters: ${parameterNames.filter(name => name.startsWith('patcher.')).join(', ')}`,
);
for (const { truth, text } of captions.slice(0, 5)) console.log(`  drawn: ${truth}   said: ${text}`);
const right = captions.filter(({ truth, text }) => text === truth).length;
console.log(`${right} of ${captions.length} unseen drawings are captioned right`);
