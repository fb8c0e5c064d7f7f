import type { AccessFinding } from './access-row';
import { asObject, asString } from './untrusted';
import { DOMAIN } from '../model/constants';
import { SecureDebugWarnings } from '../model/warnings';
import { reject } from '../private/errors';

/** Annotation of a Role or a binding: findings that are accepted, one a line: `SD5003 until 2026-06-30: moves to Vault`. */
const ACCEPTED = `${DOMAIN}/accepted-findings`;

const LINE = /^(SD5\d{3}) until (\d{4}-\d{2}-\d{2}): *(\S.*)$/;

/** One finding that somebody accepted for a time. */
export interface Acceptance {
  readonly id: string;
  readonly until: string;
}

const isDate = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text;

/** A day as the caller gives it; the library has no clock. */
export function checkDay(where: string, day: string): string {
  if (!isDate(day)) reject({ where, field: 'today', value: day, problem: 'is no date', fix: 'write it as 2026-03-01' });
  return day;
}

/** What is accepted of an object, and the lines that say nothing. */
export function acceptancesOf(object: any): { readonly accepted: Acceptance[]; readonly wrong: string[] } {
  const text = asString(asObject(asObject(object.metadata).annotations)[ACCEPTED]);
  const lines = text.split('\n').map(line => line.trim()).filter(line => line !== '').map(line => ({ line, match: LINE.exec(line) }));
  const known = (id: string) => SecureDebugWarnings.rules().some(rule => rule.id === id);
  const good = lines.filter(({ match }) => match && known(match[1]) && isDate(match[2]));
  return {
    accepted: good.map(({ match }) => ({ id: match![1], until: match![2] })),
    wrong: lines.filter(one => !good.includes(one)).map(({ line }) => line),
  };
}

/** The objects of a path, as titles: `RoleBinding payments/b → Role r` is about the binding and `Role payments/r`. */
export function objectsOf(path: string): string[] {
  const [binding, role] = path.replace(/ on request: .*$/s, '').split(' → ');
  if (role === undefined) return [binding];
  const namespace = /^RoleBinding ([^/]+)\//.exec(binding)?.[1];
  return [binding, namespace && role.startsWith('Role ') ? role.replace(/^Role /, `Role ${namespace}/`) : role];
}

/**
 * Whether a finding is accepted on a day: for everything it comes from, by the binding or by the role. The last day counts.
 *
 * @param byObject what is accepted, by the title of the object
 */
export function isAccepted({ id, from }: AccessFinding, byObject: Map<string, Acceptance[]>, today: string): boolean {
  const accepts = (object: string) => byObject.get(object)?.some(one => one.id === id && one.until >= today);
  return from.length > 0 && from.every(path => objectsOf(path).some(accepts));
}
