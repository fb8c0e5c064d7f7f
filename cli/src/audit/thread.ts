import { parentPort } from 'worker_threads';
import { AsWritten } from './as-written';
import { readPart, Said, Shared, taken } from './threads';

// A thread that reads parts of large logs, beside the one of the program.
const asWritten = new AsWritten();
const say = (said: Said) => parentPort!.postMessage(said);

parentPort!.on('message', (shared: Shared) => void (async () => {
  for (const number of taken(shared)) {
    let bytes = 0;
    const read = await readPart(shared, number, asWritten, many => { bytes += many; });
    say({ part: { ...read, number, bytes } });
  }
  say({ done: true });
})());
