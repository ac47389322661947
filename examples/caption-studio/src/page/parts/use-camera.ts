import { useState } from 'preact/hooks';
import { cameraFailure } from '../state/camera';

export interface Camera {
  /** While the camera is on. */
  readonly stream: MediaStream | undefined;
  /** The browser asks the visitor, or the camera is on: a second press would open a second camera. */
  readonly busy: boolean;
  /** @throws StudioFailure where there is no camera, or it may not be used */
  open(): Promise<void>;
  close(): void;
}

/** Whether this page may ask for a camera at all: only on `https`, or on this machine. */
export const hasCamera = 'mediaDevices' in navigator;

export function useCamera(): Camera {
  const [stream, setStream] = useState<MediaStream>();
  const [asking, setAsking] = useState(false);
  return {
    stream,
    busy: asking || stream !== undefined,
    async open() {
      setAsking(true);
      try {
        setStream(await navigator.mediaDevices.getUserMedia({ video: true }));
      } catch (error) {
        throw cameraFailure(error);
      } finally {
        setAsking(false);
      }
    },
    close: () => setStream(undefined),
  };
}
