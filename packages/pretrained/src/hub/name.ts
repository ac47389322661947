import { ConfigError } from '@simvlm/core';

/** A repository on the hub, at a revision. */
export interface HubName {
  /** `OWNER/NAME`; a few old repositories have no owner. */
  readonly repository: string;
  /** A branch, a tag or a commit. Default `main`. */
  readonly revision: string;
}

const PREFIX = 'hf:';
/** Letters, digits and `. _ -`, 96 at most; neither begins nor ends with `.` or `-`. */
const PART = /^(?=.{1,96}$)\w(?:[\w.-]*\w)?$/;
const REVISION = /^\w[\w./+-]*$/;

/** Whether a place that a person names is on the hub: `hf:OWNER/NAME`. */
export function isHubName(place: string): boolean {
  return place.startsWith(PREFIX);
}

/** Whether a value is `OWNER/NAME`, or `NAME` alone. */
export function isRepository(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  const parts = value.split('/');
  // The cache separates owner and name by two hyphens.
  return parts.length <= 2 && parts.every(part => PART.test(part) && !/--|\.\./.test(part));
}

/**
 * Reads `hf:OWNER/NAME` or `hf:OWNER/NAME@REVISION`.
 *
 * @throws ConfigError for what is no such name
 */
export function parseHubName(place: string): HubName {
  const refuse = (why: string) =>
    new ConfigError(
      'CONFIG_INVALID',
      `"${place}" ${why}; a model on the hub is hf:OWNER/NAME or hf:OWNER/NAME@REVISION, such as hf:microsoft/git-base-coco`,
    );
  if (!isHubName(place)) throw refuse(`does not begin with ${PREFIX}`);
  const [, repository = '', revision = 'main'] = /^hf:([^@]*)(?:@(.*))?$/s.exec(place) ?? [];
  if (!isRepository(repository)) throw refuse('names no repository');
  if (!REVISION.test(revision) || /\.\.|\/\/|\/$|\.lock$/.test(revision)) throw refuse('names no revision');
  return { repository, revision };
}
