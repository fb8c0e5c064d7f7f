import { asString } from './untrusted';

/** Somebody that a binding names. */
interface Named {
  readonly kind: string;
  /** A ServiceAccount's as `namespace/name`. */
  readonly subject: string;
}

/**
 * A subject by its canonical name, or why it is none. A ServiceAccount may also be named by the user it acts as; without a
 * namespace, it is of that of the RoleBinding.
 *
 * @param home the namespace of a RoleBinding
 */
export function readSubject(subject: any, home: string | undefined): Named | string {
  const [kind, name, namespace] = [subject.kind, subject.name, subject.namespace].map(asString);
  const given = `${kind || 'a subject'} ${name}`.trim();
  if (!name || !['Group', 'User', 'ServiceAccount'].includes(kind)) return `${given} is no Group, User or ServiceAccount with a name`;
  if (kind === 'ServiceAccount') return namespace || home ? { kind, subject: `${namespace || home}/${name}` } : `${given} has no namespace`;
  const [, of, account] = kind === 'User' && /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name) || [];
  return of ? { kind: 'ServiceAccount', subject: `${of}/${account}` } : { kind, subject: name };
}
