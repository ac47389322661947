/** Words of `X-Robots-Tag` by which a server says that a picture is not for training. */
const REFUSALS = new Set(['noai', 'noimageai', 'noindex', 'noimageindex']);

/** Words with a value: no names of agents. */
const VALUED = new Set(['max-snippet', 'max-image-preview', 'max-video-preview', 'unavailable_after']);

/** How a server may name us: `simvlm: noai`. */
const AGENT = 'simvlm';

/**
 * Whether a reply opts out.
 *
 * @param rawHeaders names and values in turn, as Node has them
 */
export function optsOut(rawHeaders: readonly string[]): boolean {
  return rawHeaders.some(
    (name, i) => i % 2 === 0 && name.toLowerCase() === 'x-robots-tag' && refuses(rawHeaders[i + 1]!),
  );
}

/** A name of an agent holds for the words behind it, up to the next name. */
function refuses(value: string): boolean {
  let isForUs = true;
  return value
    .toLowerCase()
    .split(',')
    .some(part => {
      const [, agent, word] = /^(?:\s*([\w-]+)\s*:)?\s*([\w-]+)/.exec(part) ?? [];
      if (agent !== undefined && !VALUED.has(agent)) isForUs = agent === AGENT;
      return isForUs && word !== undefined && REFUSALS.has(word);
    });
}
