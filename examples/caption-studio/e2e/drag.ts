import type { Page } from 'playwright-core';

type DragEventType = 'dragEnter' | 'dragOver' | 'drop';

/** A drag of files and folders from the disk, as the desktop would do it: the page gets what it gets from a visitor. */
export class Drag {
  private constructor(private readonly send: (type: DragEventType) => Promise<unknown>) {}

  /** Brings them over the point; the page sees them coming. */
  static async over(page: Page, paths: readonly string[], [x, y]: readonly [number, number]): Promise<Drag> {
    const session = await page.context().newCDPSession(page);
    const data = { items: [], files: [...paths], dragOperationsMask: 1 };
    const drag = new Drag(type => session.send('Input.dispatchDragEvent', { type, x, y, data }));
    await drag.send('dragEnter');
    await drag.send('dragOver');
    return drag;
  }

  async drop(): Promise<void> {
    await this.send('drop');
  }
}

/** Drops them on the title of the page. */
export async function drop(page: Page, ...paths: string[]): Promise<void> {
  await (await Drag.over(page, paths, [200, 40])).drop();
}
