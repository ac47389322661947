import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

export interface CameraVideoProps {
  /** Stopped when the video goes. */
  readonly stream: MediaStream;
  readonly video: RefObject<HTMLVideoElement | null>;
  /** Before its first frame a video has no size. */
  readonly onLive: () => void;
  /** The camera stopped by itself. */
  readonly onGone: () => void;
}

/** What a camera sees. */
export function CameraVideo({ stream, video, onLive, onGone }: CameraVideoProps) {
  useEffect(() => {
    video.current!.srcObject = stream;
    const [track] = stream.getVideoTracks();
    track!.addEventListener('ended', onGone);
    return () => {
      track!.removeEventListener('ended', onGone);
      for (const each of stream.getTracks()) each.stop();
    };
  }, [stream]);
  return (
    <video ref={video} autoplay playsInline muted aria-label="What the camera sees" onLoadedData={onLive} />
  );
}
