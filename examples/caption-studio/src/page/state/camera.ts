import type { StudioFailure } from '../../engine/engine';

const choose = 'or choose a picture instead.';

/** What to tell the visitor of an error of `getUserMedia`, by its name (Media Capture and Streams, section 10.4). */
export function cameraFailure(error: unknown): StudioFailure {
  const said = error instanceof Error ? byName[error.name] : undefined;
  return { code: 'CAMERA_UNUSABLE', ...(said ?? other), detail: `${error}` };
}

export const cameraGone: StudioFailure = {
  code: 'CAMERA_UNUSABLE',
  title: 'The camera is gone',
  advice: `It was unplugged, or taken away from this page. Try it again, ${choose}`,
};

const byName: Readonly<Record<string, Omit<StudioFailure, 'code' | 'detail'>>> = {
  NotAllowedError: {
    title: 'The camera may not be used',
    advice: `Allow this page to use it in the browser’s settings for this address, ${choose}`,
  },
  NotFoundError: {
    title: 'There is no camera',
    advice: `Connect one and try again, ${choose}`,
  },
  NotReadableError: {
    title: 'The camera is busy',
    advice: `Another program has it. Close that one and try again, ${choose}`,
  },
};

const other = {
  title: 'The camera cannot be used',
  advice: `Try it again, ${choose}`,
};
