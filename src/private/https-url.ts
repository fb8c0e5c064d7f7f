import { reject } from './errors';
import { text } from './validate';

/** An absolute HTTPS URL as it was written: without user, query or fragment. */
export function httpsUrl(where: string, field: string, value: string, what: string): string {
  text(where, field, value, what, 2048);
  const refuse = (problem: string, fix: string) => reject({ where, field, value, problem, fix });
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return refuse('is not a URL', `write ${what}`);
  }
  if (url.protocol !== 'https:') refuse('is not HTTPS, so whoever is in between reads the credentials', `write ${what}`);
  // Not shown again: what stands before the @ is a password.
  if (url.username || url.password) reject({ where, field, value: '(not shown)', problem: 'contains a user or a password', fix: `write ${what}` });
  if (/[?#]/.test(value)) refuse('has a query or a fragment', `write ${what}`);
  if (/[\s\\*]/.test(value) || url.hostname === '') refuse('is not a URL', `write ${what}`);
  return value;
}
