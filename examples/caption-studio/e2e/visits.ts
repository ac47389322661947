import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { launch, type OpenOptions, open, ready, type Studio } from './studio';

/** How the tests of a `describe` visit the page: one browser for all of them, and a page of its own, with nothing stored, for each. */
export interface Visits {
  /** Opens the page, and waits until it has captioned its first picture. */
  visit(options?: OpenOptions): Promise<Studio>;
  /** Opens the page, and waits for nothing. */
  begin(options?: OpenOptions): Promise<Studio>;
}

/** @param usual what every visit is opened with */
export function visits(usual: OpenOptions = {}): Visits {
  let browser: Browser;
  let studio: Studio | undefined;
  beforeAll(async () => {
    browser = await launch();
  });
  afterEach(async () => {
    await studio?.context.close();
    studio = undefined;
  });
  afterAll(() => browser.close());

  const begin = async (options: OpenOptions = {}) => {
    studio = await open(browser, { ...usual, ...options });
    return studio;
  };
  const visit = async (options?: OpenOptions) => {
    const begun = await begin(options);
    await ready(begun);
    return begun;
  };
  return { visit, begin };
}
