import { shown } from '@simvlm/bytes';
import { HubError } from '@simvlm/core';

/** A failure that may be over in a moment. */
export class Passing extends Error {
  constructor(
    message: string,
    /** Seconds that the server asks to wait. */
    readonly seconds?: number,
  ) {
    super(message);
  }
}

const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);

interface Known {
  /** Whether the hub itself refuses, not the storage that it sent on to. */
  readonly isHub: boolean;
  readonly hasToken: boolean;
  /** Beginning of the body. */
  readonly said: string;
  readonly seconds: number | undefined;
}

/** The error for a reply that is a refusal. The hub says what is missing in the header `X-Error-Code`. */
export function refusal(url: URL, { status, headers }: Response, known: Known): Error {
  const { isHub, hasToken, said, seconds } = known;
  const code = headers.get('x-error-code') ?? '';
  const at = `${shown(url)}: the server answers ${status}`;
  // A signed address of the storage has expired: the hub makes a new one.
  if (TRANSIENT.has(status) || (!isHub && status === 403))
    return new Passing(
      `the server answers ${status}${seconds === undefined ? '' : `, and to wait ${seconds} s`}`,
      seconds,
    );
  if (code === 'GatedRepo' || (status === 403 && /gated|restricted/i.test(said)))
    return new HubError(
      'HUB_ACCESS',
      `${at}: this model is gated; accept its licence on its page${hasToken ? ', with the account that your token is of' : ' and set HF_TOKEN to a token of your account'}`,
    );
  if (code === 'RevisionNotFound')
    return new HubError('HUB_NOT_FOUND', `${at}: the repository has no such revision`);
  if (code === 'EntryNotFound')
    return new HubError('HUB_NOT_FOUND', `${at}: the repository has no such file`);
  // The hub does not tell strangers whether a private repository is there.
  if (code === 'RepoNotFound' || status === 404)
    return new HubError(
      'HUB_NOT_FOUND',
      `${at}: there is no such repository, or it is private; check its name${hasToken ? ' and the rights of your token' : ', or set HF_TOKEN'}`,
    );
  if (status === 401 || status === 403)
    return new HubError(
      'HUB_ACCESS',
      `${at}: ${hasToken ? 'your token gives no access; make a new one with the right to read' : 'it needs a token; set HF_TOKEN'}`,
    );
  return new HubError('HUB_INVALID', at);
}

/** Seconds that `Retry-After` asks for: a number or a date. */
export function retryAfter(value: string | null, now = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}
