/** Where contenders run: Dawn in a process of their own, Chromium in a page of their own. On the processor where there is no GPU. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { chromiumPath, softwareDriver } from '../../scripts/parts/chromium';
import { startChild } from '../lib/process';
import type { Place } from './contest';
import type {} from './page/contender';
import type { Hello, Request } from './protocol';

export const isSoftware =
  !existsSync('/dev/dri') && !existsSync('/dev/nvidia0') && process.platform === 'linux';

export const dawn: Place = {
  name: 'Dawn',
  async start(name, scale) {
    const program = fileURLToPath(new URL('./dawn.ts', import.meta.url));
    const child = await startChild<Hello>(
      process.execPath,
      ['--import', 'tsx', program, name, scale],
      isSoftware ? softwareDriver() : {},
    );
    return { hello: child.hello, ask: request => child.ask(request), stop: child.stop };
  },
};

/** @param address of the site that has the pages */
export async function startChromium(
  address: string,
): Promise<Place & { version: string; stop: () => Promise<void> }> {
  const device = isSoftware ? ['--use-webgpu-adapter=swiftshader'] : ['--enable-features=Vulkan'];
  const browser: Browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: [
      ...['--no-sandbox', '--enable-unsafe-webgpu', ...device, '--no-first-run'],
      ...[
        '--disable-quic',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    ],
  });
  return {
    name: 'Chromium',
    version: browser.version(),
    stop: () => browser.close(),
    async start(name, scale) {
      const page = await browser.newPage();
      // A step in software may take longer than any of playwright's limits.
      page.setDefaultTimeout(0);
      await page.goto(`${address}contender.html?${name}+${scale}`);
      try {
        const hello = await page.evaluate(async (): Promise<Hello> => {
          const { versions, adapter } = await globalThis.contender;
          return { versions, adapter };
        });
        return {
          hello,
          ask: <T>(request: Request) =>
            page.evaluate(async asked => (await globalThis.contender).answer(asked), request) as Promise<T>,
          stop: () => page.close(),
        };
      } catch (error) {
        await page.close();
        throw error;
      }
    },
  };
}
