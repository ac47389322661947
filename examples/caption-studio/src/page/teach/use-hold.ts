import { useEffect, useRef } from 'preact/hooks';

/**
 * Handlers of a button that does something once when it is pressed, and again and again while it is held, by pointer or key. One call waits for
 * the one before.
 *
 * @param every milliseconds between two calls
 */
export function useHold(every: number, action: () => Promise<void>) {
  const held = useRef(false);
  const busy = useRef(false);
  /** A press during a call, short as it may be, is another call. */
  const pressed = useRef(false);
  const latest = useRef(action);
  latest.current = action;
  const stop = () => {
    held.current = false;
  };
  const start = async () => {
    held.current = true;
    pressed.current = true;
    if (busy.current) return;
    busy.current = true;
    try {
      while (held.current || pressed.current) {
        pressed.current = false;
        await latest.current();
        await new Promise(resolve => setTimeout(resolve, every));
      }
    } finally {
      busy.current = false;
    }
  };
  useEffect(() => stop, []);
  const isPress = ({ key }: KeyboardEvent) => key === ' ' || key === 'Enter';
  return {
    onPointerDown({ currentTarget, pointerId }: PointerEvent) {
      // What is held stays held where a finger drifts off the button.
      (currentTarget as Element).setPointerCapture(pointerId);
      void start();
    },
    onPointerUp: stop,
    onLostPointerCapture: stop,
    onBlur: stop,
    onKeyDown(event: KeyboardEvent) {
      if (!isPress(event)) return;
      event.preventDefault();
      if (!event.repeat) void start();
    },
    onKeyUp(event: KeyboardEvent) {
      if (!isPress(event)) return;
      event.preventDefault();
      stop();
    },
    // A screen reader presses without pointer or key.
    onClick({ detail }: MouseEvent) {
      if (detail !== 0) return;
      void start();
      stop();
    },
    // On a phone a long press would open a menu.
    onContextMenu: (event: Event) => event.preventDefault(),
  };
}
