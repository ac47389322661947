import { expect, test } from 'vitest';
import { startChild } from './process';

const answering = 'console.log("{}"); process.stdin.on("data", () => console.log(JSON.stringify({ n: 1 })))';

test('a process answers, and is gone when it was stopped', async () => {
  const child = await startChild(process.execPath, ['-e', answering]);
  expect(await child.ask({})).toEqual({ n: 1 });
  await child.stop();
  await expect(child.ask({})).rejects.toThrow('it ended with SIGTERM');
});

test('a process that cannot start, fails, or takes too long is an error that says so', async () => {
  await expect(startChild('/no/such/program', [])).rejects.toThrow('ENOENT');
  await expect(startChild(process.execPath, ['-e', 'throw new RangeError("seven")'])).rejects.toThrow(
    'it ended with code 1: RangeError: seven',
  );
  const limit = AbortSignal.timeout(300);
  const slow = startChild(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {}, limit);
  await expect(slow).rejects.toThrow('aborted');
});
