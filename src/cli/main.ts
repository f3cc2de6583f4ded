/** Entry of the `holdfast` command: runs it on the real process and leaves with its exit code. */
import { processIo } from './io.ts';
import { run } from './program.ts';

// A reader that has seen enough (head, less) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 14));

process.exitCode = await run(process.argv.slice(2), processIo);
