import { signal } from '@preact/signals';
import { asFailure } from './failure';

export interface Notice {
  readonly kind: 'error' | 'done';
  readonly title: string;
  readonly advice?: string;
  readonly detail?: string;
}

/** The one notice of the page; the newest replaces the one before. */
export const notice = signal<Notice | undefined>();

export function report(error: unknown): void {
  notice.value = { kind: 'error', ...asFailure(error) };
}

export function tell(title: string, advice?: string): void {
  notice.value = { kind: 'done', title, ...(advice === undefined ? {} : { advice }) };
}

export function dismiss(): void {
  notice.value = undefined;
}

/** Runs an action of the visitor: what it throws becomes the notice, and an old notice does not outlive a new try. */
export async function attempt(action: () => unknown): Promise<void> {
  dismiss();
  try {
    await action();
  } catch (error) {
    report(error);
  }
}
