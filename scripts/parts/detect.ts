/** `tsx scripts/parts/detect.ts`: how all parts are, as one line of JSON: `{ name, fit, required, lack }` each. */
import { partNames } from './parts';
import { describeLack, required, statusOf } from './status';

try {
  const wanted = required();
  const found = await Promise.all(
    partNames.map(async name => {
      const status = await statusOf(name);
      const lack = status.fit ? '' : describeLack(name, status);
      return { name, fit: status.fit, required: wanted.has(name), lack };
    }),
  );
  console.log(JSON.stringify(found));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
