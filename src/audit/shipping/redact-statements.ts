import type { LogRedaction } from './log-redaction';
import { field, set, temp } from './ottl';
import { DOMAIN } from '../../model/constants';

const REDACTED = `${DOMAIN}/redacted`;

/** The event is written anew only when something was taken out, so that all others stay as the API server wrote them. */
export function redactStatements(redactions: LogRedaction[]): string[] {
  if (redactions.length === 0) return [];
  const changed = `${temp('redacted')} != nil`;
  return [
    ...redactions.flatMap(one => one._statements),
    set(field('annotations', REDACTED), temp('redacted'), changed),
    set('log.body', `String(${temp('event')})`, changed),
  ];
}
