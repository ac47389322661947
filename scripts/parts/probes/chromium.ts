/** Whether Chromium starts and a page in it gets a WebGPU adapter. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium } from 'playwright-core';
import { chromiumPath, softwareArgs } from '../chromium';
import { fail } from './fail';

const executablePath = chromiumPath();
if (!existsSync(executablePath)) fail(`there is no ${executablePath}, and CHROMIUM names no other`);
// WebGPU is for pages from localhost and https only.
const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<p>'));
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
try {
  const browser = await chromium.launch({ executablePath, args: [...softwareArgs], timeout: 60_000 });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const hasAdapter = await page.evaluate(
    async () => (await navigator.gpu?.requestAdapter().catch(() => null)) != null,
  );
  await browser.close();
  if (!hasAdapter) fail(`${executablePath} ${browser.version()} has no WebGPU`);
} catch (error) {
  fail(`${executablePath} does not start: ${(error as Error).message.split('\n')[0]}`);
}
process.exit(0);
