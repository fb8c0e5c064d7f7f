import { readFileSync, writeFileSync } from 'fs';
import { join } from 'path';
import { inputFor, readable, recordsOf, Restartable } from './processes';
import { LogSink } from '../../../../src';
import { CollectorInput, FLAGS } from '../../../../src/audit/shipping/collector-config';
import { eventually } from '../../lab/process';

/** Runs the collector on texts, one after the other, and returns its records and what it counts after each. */
export async function collectedBy(collector: string, own: string, texts: string[], props: Partial<CollectorInput> = {}) {
  const input = await inputFor(own, { cluster: 'production-eu', logPath: join(own, 'audit.log'), sinks: [LogSink.file(join(own, 'out'))], ...props });
  const file = join(own, 'collector.json');
  writeFileSync(file, JSON.stringify(readable(input)));
  writeFileSync(input.logPath, '');
  const process = new Restartable(collector, ['--config', file, ...FLAGS], join(own, 'collector.log'));
  process.start();
  try {
    const scrapes: string[] = [];
    let expected = 0;
    for (const text of texts) {
      writeFileSync(input.logPath, text, { flag: 'a' });
      expected += text.split('\n').filter(line => line !== '').length;
      let last = '';
      scrapes.push(await eventually('everything to be counted', async () => {
        const metrics = await fetch(`http://127.0.0.1:${input.ports.metrics}/metrics`).then(answer => answer.text(), () => '');
        const count = Number(/^secure_debug_events_total\{[^}]*\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
        // With rules that drop, the number is not known: it has settled when it is the same twice.
        const settled = input.drop.length > 0 ? metrics !== '' && count > 0 && metrics === last : count >= expected;
        last = metrics;
        return settled ? metrics : undefined;
      }, 120_000));
    }
    await process.stop('SIGTERM');
    return { records: recordsOf(readFileSync(join(own, 'out', 'production-eu.jsonl'), 'utf8')), scrapes };
  } finally {
    await process.stop();
  }
}
