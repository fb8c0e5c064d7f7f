import { ReviewRule } from './rule';
import { EVERYTHING } from './sd5001-everything';
import { WILDCARDS } from './sd5002-wildcards';
import { READ_SECRETS } from './sd5003-read-secrets';
import { RAISE_RIGHTS } from './sd5004-raise-rights';
import { OTHER_IDENTITY } from './sd5005-other-identity';
import { KUBELET } from './sd5006-kubelet';
import { CREATE_PODS } from './sd5007-create-pods';
import { INCOMPLETE_CAPABILITY } from './sd5008-incomplete-capability';
import { UNKNOWN_ROLE } from './sd5009-unknown-role';
import { GRANTS_NOTHING } from './sd5010-grants-nothing';
import { EVERYBODY } from './sd5011-everybody';
import { IMPOSSIBLE_SUBJECT } from './sd5012-impossible-subject';
import { SEVERAL_OF_ONE_NAME } from './sd5013-several-of-one-name';
import { CREATE_CONTROLLERS } from './sd5014-create-controllers';
import { API_SERVER } from './sd5015-api-server';
import { PERSON } from './sd5016-person';
import { NEVER_ENDS } from './sd5017-never-ends';
import { VOID_ACCEPTANCE } from './sd5018-void-acceptance';
import { GITOPS_OBJECTS } from './sd5019-gitops-objects';
import { NODE_VOLUMES } from './sd5020-node-volumes';
import { NAMESPACE_LABELS } from './sd5021-namespace-labels';
import { EXEC_EVERYWHERE } from './sd5022-exec-everywhere';
import { PRIVILEGED_PODS } from './sd5023-privileged-pods';
import { EVERYTHING_IN_STEPS } from './sd5030-everything-in-steps';
import { SECRETS_IN_STEPS } from './sd5031-secrets-in-steps';
import { MISSING_ACCOUNT } from './sd5032-missing-account';

/** Every rule of the review. Those whose ways are more direct come first: of ways of one length the first is told. */
export const RULES: ReviewRule[] = [
  EVERYTHING, WILDCARDS,
  RAISE_RIGHTS, OTHER_IDENTITY, CREATE_PODS, CREATE_CONTROLLERS, EXEC_EVERYWHERE, READ_SECRETS, KUBELET, GITOPS_OBJECTS, API_SERVER,
  NODE_VOLUMES, NAMESPACE_LABELS,
  INCOMPLETE_CAPABILITY, UNKNOWN_ROLE, GRANTS_NOTHING, EVERYBODY, IMPOSSIBLE_SUBJECT, SEVERAL_OF_ONE_NAME, PERSON, NEVER_ENDS, VOID_ACCEPTANCE,
  PRIVILEGED_PODS, EVERYTHING_IN_STEPS, SECRETS_IN_STEPS, MISSING_ACCOUNT,
];

/** Rules that look at one kind of thing: what they say of it, with their id. */
function that<K extends keyof ReviewRule>(look: K): ({ readonly id: string } & Exclude<ReviewRule[K], undefined>)[] {
  return RULES.flatMap((rule): any[] => rule[look] === undefined ? [] : [{ id: rule.id, ...rule[look] as object }]);
}

const ALL_POWERS = that('power');

/** Powers that are told wherever they are held. */
export const POWERS = ALL_POWERS.filter(({ onlyWide }) => !onlyWide);

/** Powers that are told when they are held in the whole cluster; in a namespace they are what debugging needs. */
export const WIDE_POWERS = ALL_POWERS.filter(({ onlyWide }) => onlyWide);

export const SUBJECTS = that('subject');
export const OBJECTS = that('object');
export const CAPABILITIES = that('capability');
/** The farther ones come first: what is everything is every Secret too. */
export const GOALS = that('goal');
export const PODS = that('pods');
export const EXISTENCE = that('existence');

/** How rights lead to other rights, each with the id of its rule. */
export const STEPS = RULES.flatMap(({ id, steps = [] }) => steps.map(one => ({ rule: id, ...one })));

/** What an inventory alone tells: of the whole cluster, of ways, and of what stands around the rights. */
export const BY_INVENTORY: string[] = [...WIDE_POWERS, ...PODS, ...GOALS, ...EXISTENCE].map(({ id }) => id);

/** Rules by which somebody takes over the namespace, or more. */
export function takesOver(id: string): boolean {
  return RULES.some(rule => rule.id === id && rule.takesOver === true);
}
