import { execFile } from 'child_process';
import { mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import { guardrail as bindingsGuardrail } from './bindings-scene';
import {
  AccessRequestPolicy, Command, CommandSet, DebugContainerGuardrail, DebugImage, ExecGuardrail, GitOpsGuardrail, GitOpsIdentity, GuardrailCanary,
  GuardrailException, GuardrailMode, GuardrailProbe,
} from '../../../src';
import { Cluster, scratch } from '../lab/cluster';
import { apply, asAdmin } from '../lab/kubectl';
import { namespace, remove } from '../lab/targets';

/** Where the canary runs, and what is guarded. */
export const NAMESPACES = { own: 'sd-canary', guarded: 'sd-canary-guarded', probes: 'sd-canary-probes', requests: 'sd-canary-probes-requests' };
export const POLICIES = ['bindings', 'containers', 'exec', 'gitops', 'identities', 'requests', 'roles', 'terms', 'timers'].map(name => `sd-canary-${name}`);
const SCRIPT = join(__dirname, '..', '..', '..', 'assets', 'cleanup', 'guardrail-canary.js');

/** Everything under names of this suite: other files of it have policies of the same names. */
function ours(objects: object[]): any[] {
  const text = JSON.stringify(objects)
    .replace(/secure-debug-canary/g, NAMESPACES.probes)
    .replace(/secure-debug-(bindings|containers|exec|gitops|identities|requests|roles|terms|timers)\b/g, 'sd-canary-$1');
  return JSON.parse(text);
}

/** Every guardrail; those of the whole cluster hold in the namespaces of this file alone. */
export function guardrails(): any[] {
  const chart = new Chart(new App(), 'guardrails');
  // As this suite's own clusters call their administrator, and as kubeadm does.
  const exceptions = ['admin', 'kubernetes-admin'].map(name => GuardrailException.user(name, 'prepares and cleans up'));
  const mode = GuardrailMode.DENY;
  const namespaces = [NAMESPACES.guarded];
  new AccessRequestPolicy(chart, 'requests');
  new ExecGuardrail(chart, 'exec', { namespaces, mode, exceptions, commandSets: [new CommandSet('one', { commands: [Command.exact('ls')] })] });
  new GitOpsGuardrail(chart, 'gitops', { namespaces, mode, exceptions, identities: [GitOpsIdentity.argoCd()] });
  const images = [new DebugImage('box', { repository: 'docker.io/library/busybox', tags: ['1.36'], commands: [Command.exact('ls')] })];
  new DebugContainerGuardrail(chart, 'containers', { namespaces, mode, exceptions, images });
  return ours([...chart.toJson(), ...bindingsGuardrail(mode).map(everywhere)]).map(object => object.kind === 'ValidatingAdmissionPolicyBinding' ? here(object) : object);
}

/** Without the condition that limits it to the people of another file, but limited to what is in a namespace, which the binding limits further. */
function everywhere(object: any): any {
  const { matchConditions } = object.spec;
  const others = (matchConditions ?? []).filter(({ name }: any) => name !== 'of-this-suite');
  return matchConditions ? { ...object, spec: { ...object.spec, matchConditions: [...others, { name: 'in-a-namespace', expression: 'has(request.namespace)' }] } } : object;
}

/** Of several policies that refuse a request the answer names one, so none may be about more than it is. */
function here(binding: any): any {
  if (binding.spec.matchResources) return binding;
  const values = Object.values(NAMESPACES);
  const namespaceSelector = { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values }] };
  return { ...binding, spec: { ...binding.spec, matchResources: { namespaceSelector } } };
}

/** The canary, suspended: the test starts each run. */
export function canary(): any[] {
  const chart = new Chart(new App(), 'canary');
  new GuardrailCanary(chart, 'canary', {
    jobNamespace: NAMESPACES.own,
    probes: [
      GuardrailProbe.accessRequests(),
      GuardrailProbe.bindings(),
      GuardrailProbe.exec(NAMESPACES.guarded),
      GuardrailProbe.gitOps(NAMESPACES.guarded),
      GuardrailProbe.debugContainers(),
    ],
  });
  return ours(chart.toJson()).map(object => {
    if (object.kind === 'CronJob') return { ...object, spec: { ...object.spec, suspend: true } };
    if (object.kind !== 'Namespace') return object;
    const mark = (namespace(object.metadata.name, 'restricted') as any).metadata.labels;
    return { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...mark } } };
  });
}

export async function raise(cluster: Cluster): Promise<void> {
  await raze(cluster);
  await apply(cluster, [namespace(NAMESPACES.own, 'restricted'), namespace(NAMESPACES.guarded)]);
  const objects = canary().filter(({ kind }) => kind !== 'Job');
  await apply(cluster, objects.filter(({ kind }) => kind === 'Namespace'));
  await apply(cluster, objects.filter(({ kind }) => kind !== 'Namespace'));
}

export async function raze(cluster: Cluster): Promise<void> {
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', '--ignore-not-found', ...POLICIES]);
  for (const kind of ['clusterrole', 'clusterrolebinding']) await asAdmin(cluster, ['delete', kind, 'guardrail-canary', '--ignore-not-found']);
  await remove(cluster, Object.values(NAMESPACES));
}

export interface CanaryRun { readonly status: number; readonly lines: any[] }

/** The script as a process, with the ServiceAccount's own token. */
export async function run(cluster: Cluster, retrySeconds = 1): Promise<CanaryRun> {
  const folder = scratch(cluster, 'canary');
  mkdirSync(folder, { recursive: true });
  const view = JSON.parse(await asAdmin(cluster, ['config', 'view', '--minify', '--flatten', '--raw', '-o', 'json']));
  const { server, 'certificate-authority-data': ca } = view.clusters[0].cluster;
  const { hostname, port } = new URL(server);
  const token = await asAdmin(cluster, ['create', 'token', 'guardrail-canary', '-n', NAMESPACES.own, '--duration=1h']);
  const config = JSON.parse(canary().find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'guardrail-canary').data['config.json']);
  writeFileSync(join(folder, 'token'), token, { mode: 0o600 });
  writeFileSync(join(folder, 'ca.crt'), Buffer.from(ca, 'base64'));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, retrySeconds }));
  return new Promise(resolve => {
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port || '443', HOSTNAME: 'guardrail-canary-test' };
    execFile(process.execPath, [SCRIPT, join(folder, 'config.json'), folder], { env }, (error, stdout) => {
      const lines = stdout.trim().split('\n').filter(line => line).map(line => JSON.parse(line));
      resolve({ status: error ? Number(error.code) : 0, lines });
    });
  });
}
