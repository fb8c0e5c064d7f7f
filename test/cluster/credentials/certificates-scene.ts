import { mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import { startApprover } from './approver';
import { endpoint } from './helpers';
import { CertificateAccess, DebugSubject } from '../../../src';
import { Cluster, scratch } from '../lab/cluster';
import { apply, asAdmin, find, kubectl, admin, Person } from '../lab/kubectl';
import { Ended, eventually, must } from '../lab/process';
import { namespace, remove } from '../lab/targets';

export const NAMESPACE = 'sd-certificates';
export const NAME = 'sd-certificate-approver';
export const POLICY = 'secure-debug-certificates';
export const SIGNER = 'kubernetes.io/kube-apiserver-client';
export const GROUPS = ['sd-oncall-payments', 'sd-oncall-search'];
/** Each request of this suite is named so; others are none of its business. */
const PREFIX = 'sd-cert-';
const FOLDER = 'certificates';

/** What is declared, but for what needs a node. The administrator makes people for other suites by the same signer. */
function declared(): any[] {
  const chart = new Chart(new App(), 'suite');
  new CertificateAccess(chart, 'certificates', {
    groups: GROUPS, name: NAME, approverNamespace: NAMESPACE, exceptions: [DebugSubject.userBecause('admin', 'prepares the suite')],
  });
  return chart.toJson();
}

/** Everybody may approve here by RBAC: what keeps them from it is the policy. */
const RIGHTS = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'sd-cert-approves-all' },
    rules: [
      { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests', 'certificatesigningrequests/approval'], verbs: ['*'] },
      { apiGroups: ['certificates.k8s.io'], resources: ['signers'], verbs: ['approve', 'sign'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'sd-cert-approves-all' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'sd-cert-approves-all' },
    subjects: [...GROUPS, 'sd-others'].map(name => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name })),
  },
];

export interface Wish {
  readonly name: string;
  /** Subject of the request, as openssl takes it. */
  readonly subject?: string;
  readonly key?: string[];
  readonly more?: string[];
  readonly usages?: string[];
  readonly seconds?: number | null;
}

/** A key, and a request for it. */
export async function csr(cluster: Cluster, wish: Wish): Promise<{ manifest: any; key: string }> {
  const { name, subject = '/O=sd-oncall-payments/CN=alice', key = ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'], more = [], usages = ['client auth', 'digital signature'], seconds = 600 } = wish;
  const folder = scratch(cluster, FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${name}.key`);
  const pem = await must('openssl', ['req', '-new', '-newkey', ...key, '-nodes', '-batch', '-keyout', file, '-subj', subject, ...more], { env: process.env });
  return {
    key: file,
    manifest: {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: `${PREFIX}${name}` },
      spec: { request: Buffer.from(pem).toString('base64'), signerName: SIGNER, usages, ...seconds !== null && { expirationSeconds: seconds } },
    },
  };
}

/** Somebody as the API server sees them after a login, which leaves no certificate behind. */
export interface Login { readonly user: string; readonly groups: string[] }
export const ALICE: Login = { user: 'alice', groups: ['sd-oncall-payments', 'staff'] };

export function as(cluster: Cluster, { user, groups }: Login, args: string[], stdin?: string): Promise<Ended> {
  const flags = [`--as=${user}`, ...[...groups, 'system:authenticated'].map(group => `--as-group=${group}`)];
  return kubectl(cluster, admin(cluster), [...args, ...flags], { stdin });
}

export const create = (cluster: Cluster, who: Login, manifest: object) => as(cluster, who, ['create', '-f', '-'], JSON.stringify(manifest));

/** What became of a request: its condition, or its certificate. */
export async function decided(cluster: Cluster, name: string): Promise<{ type: string; message: string }> {
  return eventually(`a decision on ${name}`, async () => (await find(cluster, ['certificatesigningrequest', `${PREFIX}${name}`]))?.status?.conditions?.[0], 30_000);
}

export async function issued(cluster: Cluster, name: string): Promise<string> {
  const certificate = await eventually(`the certificate of ${name}`, async () => (await find(cluster, ['certificatesigningrequest', `${PREFIX}${name}`]))?.status?.certificate, 30_000);
  return Buffer.from(certificate as string, 'base64').toString('utf8');
}

/** Somebody with the certificate that was issued. */
export async function holder(cluster: Cluster, name: string, key: string): Promise<Person> {
  const { server, certificateAuthority } = await endpoint(cluster);
  const kubeconfig = join(scratch(cluster, FOLDER), `${name}.kubeconfig`);
  const certificate = join(scratch(cluster, FOLDER), `${name}.crt`);
  writeFileSync(certificate, await issued(cluster, name));
  writeFileSync(kubeconfig, JSON.stringify({
    'apiVersion': 'v1',
    'kind': 'Config',
    'clusters': [{ name: 'it', cluster: { server, 'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64') } }],
    'users': [{ name, user: { 'client-certificate': certificate, 'client-key': key } }],
    'contexts': [{ name: 'it', context: { cluster: 'it', user: name } }],
    'current-context': 'it',
  }), { mode: 0o600 });
  return { name, groups: [], kubeconfig };
}

export interface Scene {
  readonly stop: () => Promise<void>;
  /** The approver is away. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** What the approver wrote. */
  readonly log: () => string;
}

export async function raise(cluster: Cluster): Promise<Scene> {
  await raze(cluster);
  const objects = declared();
  // The policy is about the whole cluster; here, only about the requests of this file.
  objects.find(object => object.kind === 'ValidatingAdmissionPolicy').spec.matchConditions.push({ name: 'of-this-suite', expression: `object.metadata.name.startsWith('${PREFIX}')` });
  // Its script runs beside the tests, so that it can be stopped for a while, and where there is no node.
  objects.find(object => object.kind === 'Deployment').spec.replicas = 0;
  await apply(cluster, [namespace(NAMESPACE, 'restricted')]);
  await apply(cluster, [...objects, ...RIGHTS]);
  const probe = await csr(cluster, { name: 'probe', seconds: 86_400 });
  await eventually('the policy to decide', async () => (await as(cluster, ALICE, ['create', '--dry-run=server', '-f', '-'], JSON.stringify(probe.manifest))).stderr.includes(POLICY) || undefined);
  const { child, log } = await startApprover(cluster, join(scratch(cluster, FOLDER), 'approver'), objects);
  return {
    log,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: async () => {
      child.kill('SIGTERM');
      await raze(cluster);
    },
  };
}

async function raze(cluster: Cluster): Promise<void> {
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', '--ignore-not-found', POLICY]);
  await asAdmin(cluster, ['delete', 'clusterrolebinding,clusterrole', '--ignore-not-found', NAME, `${NAME}-requesters`, 'sd-cert-approves-all']);
  const { items } = await find(cluster, ['certificatesigningrequests']) ?? { items: [] };
  const ours = items.map((item: any) => item.metadata.name).filter((name: string) => name.startsWith(PREFIX));
  if (ours.length) await asAdmin(cluster, ['delete', 'certificatesigningrequests', '--ignore-not-found', ...ours]);
  await remove(cluster, [NAMESPACE]);
}
