/** A contender in a page of its own: `contender.html?NAME+SCALE`. Whoever opened the page finds it under `contender`. */
import type { ScaleName } from '../problem';
import type { Contender, ContenderName } from '../protocol';
import { startContender } from '../start';

declare global {
  var contender: Promise<Contender>;
}
const [name, scale] = location.search.slice(1).split('+');
globalThis.contender = startContender(name as ContenderName, scale as ScaleName);
