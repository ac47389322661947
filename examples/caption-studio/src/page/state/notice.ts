import { signal } from '@preact/signals';
import { asFailure } from './failure';

export interface Notice {
  readonly kind: 'error' | 'done';
  readonly title: string;
  readonly advice?: string;
  readonly detail?: string;
  /** Something to do about it at once. */
  readonly action?: { readonly label: string; readonly run: () => unknown };
}

/** The one notice of the page; the newest replaces the one before. */
export const notice = signal<Notice | undefined>();

export function report(error: unknown): void {
  notice.value = { kind: 'error', ...asFailure(error) };
}

export function tell(title: string, advice?: string, action?: Notice['action']): void {
  notice.value = { kind: 'done', title, ...(advice && { advice }), ...(action && { action }) };
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
