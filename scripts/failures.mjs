/** What failed, for the end of a log: where a log is cut, its end stays. */

/** Lines of a message that are shown. */
const LINES = 6;
/** Failures that are shown. */
const FAILURES = 30;

/**
 * Whether a file failed, but none of its tests: it cannot be read, or what comes before its tests failed, which are skipped then.
 *
 * @param {{ status: string, assertionResults: { status: string }[] }} file
 */
export function isBroken({ status, assertionResults }) {
  return status === 'failed' && !assertionResults.some(result => result.status === 'failed');
}

/**
 * The tests that failed, over all reports, and the files that could not be read.
 *
 * @param {{ testResults: { name: string, status: string, message?: string,
 *   assertionResults: { status: string, fullName: string, failureMessages?: string[] }[] }[] }[]} reports vitest's JSON reports
 * @param {string} root of the repository: names are given from there
 * @returns {string[]} for each its file and name, and indented the first lines of its message
 */
export function failedTests(reports, root) {
  return reports
    .flatMap(({ testResults }) => testResults)
    .flatMap(each => {
      const { name, message, assertionResults } = each;
      const file = name.replace(`${root}/`, '').replace(root, '');
      const failed = assertionResults.filter(result => result.status === 'failed');
      if (isBroken(each)) return [`${file}${indented(message ?? '')}`];
      return failed.map(
        ({ fullName, failureMessages = [] }) =>
          `${file} > ${fullName}${indented(failureMessages[0] ?? 'no message')}`,
      );
    });
}

/**
 * The last lines of what a check printed.
 *
 * @param {string} output
 * @returns {string} indented
 */
export function lastLines(output) {
  const lines = output.trimEnd().split('\n').slice(-LINES);
  return lines.map(line => `\n    ${line}`).join('');
}

/**
 * What failed first mostly explains the rest, so it comes last.
 *
 * @param {string[]} failures the first to fail first
 * @returns {string[]} up to 30 of the first to fail, in the reverse order, below how many more there were
 */
export function lastToFirst(failures) {
  const more = failures.length - FAILURES;
  return [...(more > 0 ? [`${more} more`] : []), ...failures.slice(0, FAILURES).reverse()];
}

function indented(message) {
  const lines = message.split('\n').filter(line => line.trim() !== '');
  return lines
    .slice(0, LINES)
    .map(line => `\n    ${line}`)
    .join('');
}
