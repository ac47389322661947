/**
 * The test files that took longest, over all reports.
 *
 * @param {{ testResults: { name: string, startTime: number, endTime: number }[] }[]} reports vitest's JSON reports
 * @param {string} root of the repository: names are given from there
 * @returns {string[]} up to ten lines, `seconds  file`, the slowest first
 */
export function slowestFiles(reports, root) {
  return reports
    .flatMap(({ testResults }) => testResults)
    .map(({ name, startTime, endTime }) => ({
      file: name.replace(root, ''),
      seconds: (endTime - startTime) / 1000,
    }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, 10)
    .map(({ file, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${file}`);
}
