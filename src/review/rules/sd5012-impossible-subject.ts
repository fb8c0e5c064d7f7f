import { ReviewRule } from './rule';
import { Danger } from '../../model/capability';
import { readSubject } from '../subject';
import { namespaceOf, objectsIn } from '../untrusted';

/** @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects */
export const IMPOSSIBLE_SUBJECT = {
  id: 'SD5012',
  object: {
    danger: Danger.LOW,
    flaws: ({ object, bound }) => bound === undefined ? []
      : objectsIn(object.subjects).map(subject => readSubject(subject, namespaceOf(object))).filter((one): one is string => typeof one === 'string'),
  },
} satisfies ReviewRule;
