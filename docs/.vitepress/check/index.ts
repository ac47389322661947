/** Looks at the built site as a reader uses it: every link leads somewhere, and the search finds what people look up. */
import { root } from '../pages';
import { deadLinks } from './dead-links';
import { lookUps, notFound } from './search';

const dist = `${root}docs/.vitepress/dist`;
const links = await deadLinks(dist);
const wanted = lookUps();
const problems = [...links.dead, ...(await notFound(dist, wanted))];
for (const problem of problems) console.error(problem);
console.log(
  `${links.pages} pages with ${links.links} links, ${wanted.length} look-ups: ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
