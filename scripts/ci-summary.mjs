/**
 * Prints `N passed, N failed, N skipped` from vitest's JSON report and ends with 1 when anything failed.
 * Arguments: report, exit state of the tests (0 when they ended well), number of other checks that failed.
 */
import { readFileSync } from 'node:fs';

const [report = '', testsEnded = '1', failedChecks = '0'] = process.argv.slice(2);

function read() {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    // A file that cannot even be loaded has no tests to count.
    const broken = testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
    ).length;
    return {
      passed: numPassedTests,
      failed: numFailedTests + broken,
      skipped: numPendingTests + (numTodoTests ?? 0),
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const counts = read();
// Tests that were cut off, or failed outside of any test, are a failure too.
const unexplained = testsEnded !== '0' && counts.failed === 0 ? 1 : 0;
const failed = counts.failed + unexplained + Number(failedChecks);
const nothing = counts.passed === 0 && failed === 0 ? 1 : 0;
console.log(`${counts.passed} passed, ${failed + nothing} failed, ${counts.skipped} skipped`);
process.exit(failed + nothing === 0 ? 0 : 1);
