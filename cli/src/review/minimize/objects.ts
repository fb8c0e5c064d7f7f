import { createHash } from 'crypto';
import { PolicyRule } from 'cdk8s-secure-debug';
import { Place } from './rights';
import { bindingSubject, Who } from './who';

const API_GROUP = 'rbac.authorization.k8s.io';
const LABELS = { 'app.kubernetes.io/managed-by': 'secure-debug' };

/** A name for the roles of somebody: readable, and another one for everybody else. */
export function roleName({ kind, name, namespace }: Who): string {
  const whole = `${namespace === undefined ? '' : `${namespace}-`}${name}`;
  const slug = whole.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 36).replace(/-$/, '');
  const same = slug === whole && kind !== 'ServiceAccount';
  return ['minimal', ...slug ? [slug] : [], ...same ? [] : [createHash('sha256').update(JSON.stringify([kind, namespace, name])).digest('hex').slice(0, 6)]].join('-');
}

export interface RoleOptions {
  readonly name: string;
  readonly who: Who;
}

/** A Role or ClusterRole with its binding. */
export function roleObjects({ name, who }: RoleOptions, namespace: string | undefined, rules: (PolicyRule | Place['urls'][number])[]): any[] {
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  const metadata = { name, ...namespace !== undefined && { namespace }, labels: { ...LABELS } };
  return [
    { apiVersion: `${API_GROUP}/v1`, kind, metadata, rules },
    { apiVersion: `${API_GROUP}/v1`, kind: `${kind}Binding`, metadata, roleRef: { apiGroup: API_GROUP, kind, name }, subjects: [bindingSubject(who)] },
  ];
}

/** The roles as manifests, one for each place. */
export function objectsOf(options: RoleOptions, places: Place[]): any[] {
  return places.flatMap(({ namespace, rules, urls }) => roleObjects(options, namespace, [...rules, ...urls]));
}
