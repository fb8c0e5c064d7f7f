import { OK, REFUSED } from '../errors';
import { Io } from '../io';
import { unseal } from './age';
import { read, time } from './credential';
import { Check, drill } from './drill';
import { labelOf, sealedText, sha256 } from './files';
import { KeyOptions, keysOf } from './secrets';
import { Result } from '../session';
import { coloured, painter, plain, seconds } from '../text';

interface DrillOptions extends KeyOptions {
  readonly left?: string;
  readonly ticket?: string;
  readonly json?: boolean;
}

/** Opens a sealed credential in memory, uses it without effect, and says whether it would do at 2 AM. */
export async function drillSealed(io: Io, file: string, options: DrillOptions): Promise<Result> {
  const left = seconds('--left', options.left ?? '7d');
  const text = sealedText(file);
  const begun = time(new Date());
  const credential = read(await unseal(text, await keysOf(io, options)));
  const checks = [labelled(file, text), ...await drill(io, credential, { left, ticket: options.ticket ?? 'DRILL-1' })];
  const ok = checks.every(one => one.ok);
  const paint = painter(!options.json && coloured(io, io.stdout));
  const { name, group, server, notAfter } = credential;
  return {
    data: { file, ok, name, group, server, notAfter: time(notAfter), begun, checks },
    text: [
      ...checks.map(one => `${one.ok ? paint('green', 'ok  ') : paint('red', 'FAIL')}  ${plain(one.check)}: ${plain(one.detail)}`),
      ok ? `${paint('green', 'It would do.')} The alarm on ${plain(name)} has to have gone off since ${begun}; if it has not, that is a finding.` : paint('red', 'It would not do as it is.'),
    ].join('\n'),
    code: ok ? OK : REFUSED,
  };
}

function labelled(file: string, text: string): Check {
  const label = labelOf(file);
  if (!label) return { check: 'file', ok: true, detail: 'it opens; nothing stands beside it' };
  return label.sha256 === sha256(text)
    ? { check: 'file', ok: true, detail: 'it opens, and is the one that was sealed' }
    : { check: 'file', ok: false, detail: 'it opens, but what stands beside it is about another file. Fix: take both from one copy' };
}
