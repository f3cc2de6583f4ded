/**
 * Reads vitest's JSON reports for `.ci/run`.
 *
 * `failed REPORT` prints the files with failed tests, a line each (none when something failed outside of any test); it
 * ends with 1 without a report, or when more failed than a busy machine explains.
 * `summary ENDED FAILED_CHECKS REPORT [SECOND]` prints `N passed, N failed, N skipped` and ends with 1 when anything
 * failed. What the second report tells of a file stands in place of the first. ENDED is 0 when the tests ended well.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** With more files than this a second try would hide a fault rather than a stumble. */
const secondTryMax = 5;
const [command, ...args] = process.argv.slice(2);

/** Results by file; undefined when there is no report. */
function read(report) {
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    return new Map(testResults.map((result) => [result.name, result]));
  } catch {
    return undefined;
  }
}

function listFailed(report) {
  const results = read(report);
  if (!results) return false;
  const files = [...results.values()].filter(({ status }) => status === 'failed');
  for (const { name } of files) console.log(relative(process.cwd(), name));
  return files.length <= secondTryMax;
}

function summarize(ended, failedChecks, report, second) {
  const first = read(report);
  const results = [...new Map([...(first ?? []), ...((second && read(second)) || [])]).values()];
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { status, assertionResults } of results) {
    for (const { status } of assertionResults) {
      counts[status === 'passed' || status === 'failed' ? status : 'skipped'] += 1;
    }
    // A file that cannot even be loaded has no tests to count.
    if (status === 'failed' && !assertionResults.some((test) => test.status === 'failed')) counts.failed += 1;
  }
  // Tests that were cut off, or failed outside of any test, are a failure too; so is a run without any.
  const unexplained = (ended !== '0' && counts.failed === 0) || counts.passed === 0 ? 1 : 0;
  const failed = counts.failed + unexplained + Number(failedChecks);
  console.log(`${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped`);
  return failed === 0;
}

const good = command === 'failed' ? listFailed(...args) : summarize(...args);
process.exit(good ? 0 : 1);
