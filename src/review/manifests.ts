import { acceptancesOf } from './acceptance';
import { Aggregation } from './aggregation';
import { areRequestsGoverned, isRequestable, RequestableRole } from './requestable';
import { joined, Rule } from './rights';
import { effectiveRules, EVERYTHING, readRole, Role, roleKey } from './roles';
import { OBJECTS } from './rules';
import { Looked } from './rules/rule';
import { neverEnds } from './rules/sd5017-never-ends';
import { readSubject } from './subject';
import { asObject, asString, identity, nameOf, namespaceOf, objectsIn } from './untrusted';
import { REQUEST_FOR } from '../model/access-request';
import { byCodeUnit, canonicalJson } from '../private/canonical';

const RBAC = 'rbac.authorization.k8s.io';
const KINDS = ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'];

/** One subject of one binding. */
export interface Grant {
  readonly kind: string;
  /** A ServiceAccount's as `namespace/name`. */
  readonly subject: string;
  /** Undefined for the whole cluster. */
  readonly namespace?: string;
  readonly rules: Rule[];
  /** The rules as text: what is worked out for one grant holds for all that have the same. */
  readonly rulesKey: string;
  /** The rules are not known. */
  readonly unknown: boolean;
  /** It ends by itself: it is a request that was granted. */
  readonly ends: boolean;
  /** `RoleBinding payments/oncall-debug → Role oncall-debug`. */
  readonly path: string;
  /** Labels of the binding. */
  readonly labels?: { readonly [key: string]: unknown };
}

/** Something wrong with an object, whoever it is for. */
export interface Flaw {
  readonly id: string;
  readonly detail: string;
  readonly from: string;
}

/** What the RBAC objects among some manifests say. */
export interface Reading {
  readonly grants: Grant[];
  /** Roles that can be had on request. */
  readonly requestable: RequestableRole[];
  /** Whether the policy that keeps requests to their terms is among the manifests. */
  readonly governed: boolean;
  readonly flaws: Flaw[];
  /** What is accepted, by the title of the object that says so. */
  readonly accepted: Map<string, { readonly id: string; readonly until: string }[]>;
}

/** The objects, with lists unpacked; the items of a typed list (`RoleList`) get its kind. */
export function unpack(objects: unknown): any[] {
  return objectsIn(objects).flatMap(object => {
    const kind = asString(object.kind);
    if (!kind.endsWith('List')) return [object];
    const typed = kind === 'List' ? {} : { kind: kind.slice(0, -'List'.length), apiVersion: object.apiVersion };
    return unpack(objectsIn(object.items).map(item => ({ ...typed, ...item })));
  });
}

/** Of unpacked objects, those of RBAC. */
export function rbacObjects(objects: any[]): any[] {
  return objects.filter(({ kind, apiVersion }) => KINDS.includes(kind) && asString(apiVersion).startsWith(`${RBAC}/`));
}

export const titleOfObject = (object: any): string => identity(object.kind, namespaceOf(object), nameOf(object));

/** What decides, as text: the same object in two files is one. */
function contentOf({ metadata, rules, aggregationRule, roleRef, subjects }: any): string {
  return canonicalJson([asObject(metadata).labels, rules, aggregationRule, roleRef, subjects]);
}

/**
 * Each object once, sorted. Different ones of one name all count, since any of them may be the last that is applied; the
 * first is told how many there are.
 */
export function distinct(objects: any[]): { readonly object: any; readonly versions: number }[] {
  return joined(objects, titleOfObject).sort(([a], [b]) => byCodeUnit(titleOfObject(a), titleOfObject(b))).flatMap(same => {
    if (same.length === 1) return [{ object: same[0], versions: 1 }];
    const versions = joined(same, contentOf).map(([first]) => first);
    return versions.sort((a, b) => byCodeUnit(contentOf(a), contentOf(b))).map((object, i) => ({ object, versions: i === 0 ? versions.length : 1 }));
  });
}

/** What the rules about objects find in one. */
function flawsOf(looked: Looked): Flaw[] {
  const from = titleOfObject(looked.object);
  return OBJECTS.flatMap(({ id, flaws }) => flaws(looked).map(detail => ({ id, detail, from })));
}

/** Reads the RBAC objects among the manifests. Objects of other kinds, and what is not an object, are passed over. */
export function readManifests(objects: any[]): Reading {
  const all = unpack(objects);
  const looked = distinct(rbacObjects(all)).map(({ object, versions }): Looked =>
    object.kind.endsWith('Binding') ? { object, versions } : { object, versions, role: readRole(object) });
  const known = looked.map(({ object }) => object);

  const roles = looked.flatMap(({ role }) => role ?? []);
  const aggregation = new Aggregation(roles);
  const byKey = new Map<string, Role[]>(joined(roles, role => roleKey(role.kind, role.namespace, role.name)).map(same =>
    [roleKey(same[0].kind, same[0].namespace, same[0].name), same]));

  /** What a role amounts to, worked out once for all bindings of it. */
  const amounts = new Map<string, Pick<Grant, 'rules' | 'rulesKey'> & { readonly missing: boolean; readonly empty: boolean }>();
  const amountOf = (key: string, kind: string, name: string) => {
    let amount = amounts.get(key);
    if (!amount) {
      const found = byKey.get(key) ?? [];
      const builtIn = found.length === 0 && kind === 'ClusterRole' && name === 'cluster-admin';
      const rules = builtIn ? EVERYTHING : found.flatMap(one => effectiveRules(one, aggregation));
      const empty = rules.length === 0 && found.some(({ selectors }) => selectors);
      amount = { rules, rulesKey: JSON.stringify(rules), missing: found.length === 0 && !builtIn, empty };
      amounts.set(key, amount);
    }
    return amount;
  };

  const flaws = looked.filter(({ role }) => role).flatMap(flawsOf);
  const grants = looked.filter(({ role }) => !role).flatMap(({ object: binding, versions }): Grant[] => {
    const here = titleOfObject(binding);
    const namespace = namespaceOf(binding);
    const [kind, name] = [asObject(binding.roleRef).kind, asObject(binding.roleRef).name].map(asString);
    const role = kind && name ? identity(kind, undefined, name) : 'a role without kind or name';
    const { rules, rulesKey, missing, empty } = amountOf(roleKey(kind, namespace, name), kind, name);
    const labels = asObject(asObject(binding.metadata).labels);
    const ends = labels[REQUEST_FOR] !== undefined && neverEnds(binding) === undefined;
    for (const flaw of flawsOf({ object: binding, versions, bound: { role, missing, empty } })) flaws.push(flaw);
    return objectsIn(binding.subjects).flatMap((given): Grant[] => {
      const subject = readSubject(given, namespace);
      return typeof subject === 'string' ? [] : [{ ...subject, namespace, rules, rulesKey, unknown: missing || empty, ends, path: `${here} → ${role}`, labels }];
    });
  });
  const accepted: Reading['accepted'] = new Map();
  for (const object of known) {
    const acceptances = acceptancesOf(object);
    if (acceptances.accepted.length > 0) accepted.set(titleOfObject(object), acceptances.accepted);
  }
  const requestable = known.filter(isRequestable).map((object): RequestableRole => {
    const rules = effectiveRules(readRole(object), aggregation);
    const annotations = asObject(asObject(object.metadata).annotations);
    return { namespace: namespaceOf(object) ?? '', name: nameOf(object), rules, rulesKey: JSON.stringify(rules), annotations };
  });
  return { grants, requestable, governed: areRequestsGoverned(all), flaws, accepted };
}
