import { processIo } from './io';
import { run } from './program';

// Who reads only the beginning, such as head, has what they want.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

void run(process.argv.slice(2), processIo()).then(code => {
  process.exitCode = code;
});
