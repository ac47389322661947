/** A contender in a process of its own, on Dawn: `dawn.ts NAME SCALE`. One JSON line when it is ready, one in answer to each `Request`. */
import { createInterface } from 'node:readline';
import { create, globals } from 'webgpu';
import type { ScaleName } from './problem';
import type { ContenderName, Request } from './protocol';

// Answers alone go to stdout; tfjs reports errors of the device there.
console.log = console.error;
// What browsers have, before a library looks for it.
Object.assign(globalThis, globals);
// jax-js asks for the user agent too, which Node has from version 21 on.
const value = { userAgent: `Node.js/${process.versions.node}`, gpu: create([]) };
Object.defineProperty(globalThis, 'navigator', { value, configurable: true });

const { startContender } = await import('./start');
const { answer, ...hello } = await startContender(
  process.argv[2] as ContenderName,
  process.argv[3] as ScaleName,
);
const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`);
say(hello);
for await (const line of createInterface({ input: process.stdin }))
  say(await answer(JSON.parse(line) as Request));
