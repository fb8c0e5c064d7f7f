import { reject } from '../private/errors';
import { text } from '../private/validate';

/** What the relay may be asked, as in its configuration. */
export interface PathRule {
  readonly path: string;
  /** GET when it is left out. */
  readonly method?: 'GET' | 'POST';
  /** Names that the query may have, and the largest number of each. */
  readonly query?: { readonly [name: string]: number };
  /** Why it is dangerous; undefined when it only reads, and what it reads is no secret. */
  readonly danger?: string;
}

/** What belongs to the proxy and the relay. */
const TAKEN = /^\/(oauth2(\/.*)?|ping|ready|robots\.txt|healthz)?$/;

/** Last parts of paths that are known to hand out secrets or to change something, in the frameworks that people use. */
const KNOWN_DANGERS = /\/(heapdump|heap-snapshot|heapsnapshot|dump|gcdump|shutdown|restart|env|environment|configprops|cmdline|logfile|httpexchanges|httptrace|sessions|quit|quitquitquit|abort|exit)\/?$/i;

/** An exact path: one spelling, of plain characters, that no server reads in another way. */
export function exactPath(where: string, field: string, value: string): string {
  text(where, field, value, 'a path such as "/debug/info"', 200);
  const refuse = (problem: string, fix: string) => reject({ where, field, value, problem, fix });
  if (!value.startsWith('/')) refuse('does not begin with "/"', 'write the whole path, such as "/debug/info"');
  if (value.split('/').some(part => part === '..' || part === '.')) refuse('has a part ".." or "."', 'write the path that is meant');
  if (value.includes('%')) refuse('has an encoded character, so servers differ in what it means', 'use plain letters, digits, "-", "_", "." and "~"');
  if (/[?#]/.test(value)) refuse('has a query or a fragment', 'write the path alone');
  if (value.includes('*')) refuse('is a wildcard', 'list each path: one that is added to the application later has to be asked for here');
  if (value.includes('//') || !/^[A-Za-z0-9/._~-]+$/.test(value)) refuse('is not a plain path', 'use letters, digits, "-", "_", "." and "~" between single "/"');
  if (TAKEN.test(value)) refuse('belongs to the proxy', 'serve it under another path, such as "/debug/info"');
  return value;
}

/** Whether a path, by its name, hands out secrets or changes something. */
export const soundsDangerous = (path: string) => KNOWN_DANGERS.test(path);
