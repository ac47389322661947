import { attempt, dismiss, notice } from '../state/notice';
import { Icon } from './icon';

/** What went wrong or was done, with what to do about it. The live region is always there, so that its contents are read out. */
export function NoticeArea() {
  const now = notice.value;
  return (
    <div class="notice-area" role={now?.kind === 'error' ? 'alert' : 'status'}>
      {now && (
        <section class={`notice ${now.kind}`}>
          <Icon name={now.kind === 'error' ? 'alert' : 'check'} />
          <div>
            <strong>{now.title}</strong>
            {now.advice && <p>{now.advice}</p>}
            {now.action && (
              <button type="button" class="link" onClick={() => void attempt(now.action!.run)}>
                {now.action.label}
              </button>
            )}
            {now.detail && (
              <details>
                <summary>Detail</summary>
                <code>{now.detail}</code>
              </details>
            )}
          </div>
          <button type="button" class="plain" aria-label="Dismiss this message" onClick={dismiss}>
            <Icon name="close" />
          </button>
        </section>
      )}
    </div>
  );
}
