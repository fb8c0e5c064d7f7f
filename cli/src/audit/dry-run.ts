import { AuditEvent, asText } from './event';
import { all, any, oneOf, text } from './sql/text';

/**
 * A try without effect. Only `dryRun` as a parameter of its own is one, and only in a write whose options are in the URL: a field
 * manager may be called `dryRun=`, logs are read whatever stands there, and a deletion takes its options from the body if there is one.
 * Whatever is not surely a try counts as done.
 */
const VERBS = ['create', 'update', 'patch'];
const PARAMETER = 'dryRun=All';

/** Of an event. */
export function isDryRun({ verb, requestURI }: AuditEvent): boolean {
  const uri = asText(requestURI);
  const at = uri.indexOf('?');
  return VERBS.includes(asText(verb)) && at >= 0 && uri.slice(at + 1).split('&').includes(PARAMETER);
}

/** The same in SQL, without functions. A path has no ampersand, and only the first question mark ends it. */
export function isDryRunIn(verb: string, uri: string): string {
  const like = (pattern: string) => `${uri} LIKE ${text(pattern)}`;
  return all(oneOf(verb, VERBS), any(
    like(`%&${PARAMETER}`), like(`%&${PARAMETER}&%`),
    all(any(like(`%?${PARAMETER}`), like(`%?${PARAMETER}&%`)), `${uri} NOT LIKE ${text('%?%?%')}`),
  ));
}
