import type { StudioFailure } from '../../engine/engine';

/** What to tell the visitor of anything that was thrown: failures of the engine as they are, everything else as unexpected. */
export function asFailure(error: unknown): StudioFailure {
  if (isFailure(error)) return error;
  return {
    code: 'UNEXPECTED',
    title: 'Something went wrong',
    advice: 'Try it once more. If it happens again, reload the page: what was taught is kept.',
    detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  };
}

function isFailure(error: unknown): error is StudioFailure {
  const { code, title, advice } = (error ?? {}) as Record<string, unknown>;
  return [code, title, advice].every(part => typeof part === 'string');
}
