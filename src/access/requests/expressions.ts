import { literal, literals } from '../../model/cel';
import { VIRTUAL_GROUP } from '../../model/virtual-rights';

const RBAC = 'rbac.authorization.k8s.io';

/** Who cleans up for the control plane; some clusters run all controllers as one user. */
const controller = (name: string) => `system:serviceaccount:kube-system:${name}`;
const WHOLE_MANAGER = 'system:kube-controller-manager';
/** Delete what is owned by nothing any more, and what is in a namespace that goes. */
export const COLLECTORS = [controller('generic-garbage-collector'), controller('namespace-controller'), WHOLE_MANAGER];
/** What runs Jobs, ends them, and removes them. */
export const JOB_CONTROLLERS = [controller('job-controller'), controller('ttl-after-finished-controller'), ...COLLECTORS];

/** The caller is one of these. */
export const isOneOf = (users: string[]) => `request.userInfo.username in ${literals(users)}`;

/** A map that may be absent, as an expression that is never. */
export const mapOf = (path: string) => `(has(${path}) ? ${path} : {})`;
/** A list that may be absent. */
export const listOf = (path: string) => `(has(${path}) ? ${path} : [])`;
/** An entry of a map of texts; empty when there is none. */
export const entry = (map: string, key: string) => `${map}[?${literal(key)}].orValue('')`;
/** The lines of a text that are not empty. */
export const linesOf = (text: string) => `${text}.split('\\n').filter(line, line != '')`;

/** What a `GROUP=NUMBER` line consists of. */
export const groupOf = (line: string) => `${line}.substring(0, ${line}.lastIndexOf('='))`;
export const numberOf = (line: string) => `int(${line}.substring(${line}.lastIndexOf('=') + 1))`;

/**
 * RE2 of what stands in no text that a tired person reads in a terminal: controls, line ends, marks that turn the order
 * of the text around.
 */
const UNSEEN = '[\\x{0}-\\x{1f}\\x{7f}-\\x{9f}\\x{2028}-\\x{202e}\\x{2066}-\\x{2069}]';

/** Whether the text has 1 to `most` characters, all of which are seen. */
export const isPlain = (text: string, most: number) => `${text}.size() >= 1 && ${text}.size() <= ${most} && !${text}.matches(${literal(UNSEEN)})`;

/** Only these keys are in it, whatever a later version of Kubernetes adds. `dyn` because a type has no keys to the type checker. */
export const onlyKeys = (map: string, keys: readonly string[]) => `dyn(${map}).all(key, key in ${literals(keys)})`;

/** Whether an optional field is the same in both objects. */
export const unchanged = (path: string) => `(has(object.${path}) == has(oldObject.${path}) && (!has(object.${path}) || object.${path} == oldObject.${path}))`;

/** Whether the caller holds a right on the Role that an expression names. */
export const holds = ({ resource, verb }: { readonly resource: string; readonly verb: string }, role: string) =>
  `authorizer.group(${literal(VIRTUAL_GROUP)}).resource(${literal(resource)}).namespace(request.namespace).name(${role}).check(${literal(verb)}).allowed()`;

/** Whether a list of subjects is one user, by name. */
export const isOnly = (subjects: string, name: string) => `${subjects}.size() == 1 && ${onlyKeys(`${subjects}[0]`, ['apiGroup', 'kind', 'name'])}`
  + ` && ${subjects}[0].kind == 'User' && ${subjects}[0].apiGroup == ${literal(RBAC)} && ${subjects}[0].name == ${name}`;
