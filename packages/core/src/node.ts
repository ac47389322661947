/** What only Node has: files that are written whole or not at all. */
export { clearLeftovers, isRunning, temporaryPath } from './node/leftovers';
export { checkFolder, checkReplaceable, replaceFile } from './node/replace-file';
export { writeProblem } from './node/write-problem';
