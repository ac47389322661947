import { trainCircle } from './train-circle';

const { accuracy } = await trainCircle({
  onStep({ step, loss }) {
    if (step % 50 === 0) console.log(`step ${step}: loss ${loss.toFixed(3)}`);
  },
});
console.log(`${(100 * accuracy).toFixed(1)} % of 1,000 new points are told right`);
