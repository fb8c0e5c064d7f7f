import { parentPort } from 'worker_threads';
import { readPart, Said, Shared, taken } from './threads';

// A thread that reads parts of large logs, beside the one of the program.
const say = (said: Said) => parentPort!.postMessage(said);

parentPort!.on('message', (shared: Shared) => void (async () => {
  for (const number of taken(shared)) {
    let bytes = 0;
    const told = await readPart(shared, number, many => { bytes += many; });
    say({ part: { number, told, bytes } });
  }
  say({ done: true });
})());
