import { Identity } from './escalation';
import { InventoryUse } from './inventory-finding';
import { Grant } from './manifests';
import { standsForMany } from './rules/sd5011-everybody';
import { isOrphan } from './rules/sd5032-missing-account';
import { Surroundings } from './surroundings';
import { asString } from './untrusted';

const BOOTSTRAP = 'kubernetes.io/bootstrapping';

const GITOPS = /(^|[-./:])(argo-?cd|flux(-system)?|kustomize-controller|helm-controller|source-controller|fleet|gitops)([-./:]|$)/i;
const CI = /(^|[-./:@])(ci|cd|jenkins|gitlab|github|actions|runners?|tekton|pipelines?|buildkite|drone|circleci|teamcity|bamboo|deploy(er|ment)?|build(er)?|release)([-./:@0-9]|$)/i;
const OPERATOR = /(operator|controller|manager|provisioner|scheduler|autoscaler|webhook)/i;

/** Labels by which charts and their releases are told. */
const CHART = ['helm.sh/chart', 'chart'];

interface Told {
  readonly use: InventoryUse;
  readonly usedBecause: string;
}

const COMPONENT = /^system:kube-(controller-manager|scheduler|proxy)$/;

/**
 * Whether it is a part of Kubernetes that holds what Kubernetes itself gives it: a binding and a role of one name, both made
 * when the API server starts. A label alone tells nothing, for anybody can write it.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings
 */
export function isBuiltIn({ kind, subject, wide, local }: Identity): boolean {
  if ([...wide, ...[...local.values()].flat()].some(({ labels }) => labels?.[BOOTSTRAP] !== 'rbac-defaults')) return false;
  const byOneName = (name: RegExp) => wide.every(({ path }) => {
    const [, binding, role] = /^ClusterRoleBinding (\S+) → ClusterRole (\S+)$/.exec(path) ?? [];
    return binding !== undefined && binding === role && name.test(binding);
  });
  if (kind === 'Group') return subject === 'system:masters' && byOneName(/^cluster-admin$/);
  if (kind === 'User') return COMPONENT.test(subject) && byOneName(/^system:/);
  return subject.startsWith('kube-system/') && wide.every(({ path }) => path.endsWith(`:${subject.slice('kube-system/'.length)}`)) && byOneName(/^system:/);
}

/**
 * What somebody is: a guess by names and labels, said with its reason. What cannot be a guess goes first: whether the
 * ServiceAccount exists, and whether Kubernetes itself made the bindings.
 *
 * @param complete every ServiceAccount of the cluster is known
 */
export function useOf(identity: Identity, around: Surroundings, complete: boolean): Told {
  const { kind, subject, wide, local } = identity;
  const grants = [...wide, ...[...local.values()].flat()];
  const told = (use: InventoryUse, usedBecause: string): Told => ({ use, usedBecause });
  if (isBuiltIn(identity)) return told(InventoryUse.CONTROL_PLANE, 'Kubernetes itself makes its bindings');
  if (standsForMany(kind, subject)) return told(InventoryUse.EVERYBODY, 'Kubernetes puts everybody of a kind into it');
  if (kind === 'Group') return subject.startsWith('system:') ? told(InventoryUse.CONTROL_PLANE, 'a group of Kubernetes') : told(InventoryUse.GROUP, 'a group of the identity provider');
  if (kind === 'User') {
    if (subject.startsWith('system:')) return told(InventoryUse.CONTROL_PLANE, 'a user of Kubernetes');
    const [, name] = CI.exec(subject)?.slice(1) ?? [];
    return name && !subject.includes('@') ? told(InventoryUse.CI, `its name says ${name}`) : told(InventoryUse.PERSON, 'a user by name');
  }
  const [namespace, name] = subject.split('/');
  if (isOrphan(identity, around, complete)) return told(InventoryUse.ORPHAN, 'no such ServiceAccount exists');
  const gitops = GITOPS.exec(subject);
  if (gitops) return told(InventoryUse.GITOPS, `its name says ${gitops[2]}`);
  const ci = CI.exec(name) ?? CI.exec(namespace);
  if (ci) return told(InventoryUse.CI, `its name says ${ci[2]}`);
  if (namespace === 'kube-system' || namespace === 'kube-public' || namespace === 'kube-node-lease') return told(InventoryUse.CONTROL_PLANE, `it is of ${namespace}`);
  const chart = chartOf(grants, around.accountLabels.get(subject));
  const operator = OPERATOR.exec(name);
  if (operator) return told(InventoryUse.OPERATOR, `its name says ${operator[1]}`);
  return chart ? told(InventoryUse.VENDOR_CHART, `it came with the chart ${chart}`) : told(InventoryUse.APPLICATION, 'nothing tells more');
}

function chartOf(grants: Grant[], labels: { readonly [key: string]: unknown } = {}): string | undefined {
  for (const one of [labels, ...grants.map(grant => grant.labels ?? {})]) {
    const chart = CHART.map(key => asString(one[key])).find(value => value !== '');
    if (chart) return chart;
    if (one['app.kubernetes.io/managed-by'] === 'Helm') return asString(one['app.kubernetes.io/instance']) || 'of an unknown name';
  }
  return undefined;
}
