/**
 * The one worker that may ask other machines, for checkpoints whose address the visitor gave. It never sees a picture or a caption: those are
 * with the page and the engine, which the policy of the page binds to their own address.
 */
import { expose, transfer } from 'comlink';

/** A reply as a message. */
interface Reply {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: ArrayBuffer;
}

const fetcher = {
  /** GET or HEAD, without cookies. @throws TypeError when the machine cannot be reached or does not let a page read its files */
  async fetch(url: string, method: string, headers: Readonly<Record<string, string>>): Promise<Reply> {
    const reply = await fetch(url, { method, headers, credentials: 'omit' });
    const body = await reply.arrayBuffer();
    const { status, statusText } = reply;
    return transfer({ status, statusText, headers: [...reply.headers], body }, [body]);
  },
};

export type Fetcher = typeof fetcher;
expose(fetcher);
