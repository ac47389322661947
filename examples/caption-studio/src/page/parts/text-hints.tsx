import { useEffect, useState } from 'preact/hooks';
import type { TextProblems } from '../../engine/engine';
import { engine, model, phase } from '../state/engine';

/** Milliseconds without a key before the text is looked at. */
const PAUSE = 250;

/** What the model cannot do with a text, while it is typed: letters that it cannot write, an end that it does not read. */
export function TextHints({ id, text }: { id: string; text: string }) {
  const [problems, setProblems] = useState<TextProblems>();
  const ready = phase.value === 'ready';
  const current = model.value;
  useEffect(() => {
    setProblems(undefined);
    if (!ready || text.trim() === '') return;
    let isOver = false;
    const timer = setTimeout(async () => {
      try {
        const [found] = await engine.check([text]);
        if (!isOver) setProblems(found);
      } catch (error) {
        console.warn('the text could not be checked:', error);
      }
    }, PAUSE);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [text, ready, current]);
  const { unknown = [], read } = problems ?? {};
  return (
    <p class="text-hints" id={id} role="status">
      {unknown.length > 0 && `The model cannot write ${unknown.map(letter => `“${letter}”`).join(' ')}. `}
      {read !== undefined && `It reads no further than “… ${read.split(' ').slice(-2).join(' ')}”.`}
    </p>
  );
}
