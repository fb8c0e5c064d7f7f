import { Asked, Asking, JSON_PATCH, MERGE_PATCH, pathOf, STRATEGIC_PATCH } from './bindings-ask';
import { FREE, GRANT, guardrail, NAMESPACE, POLICY, raise, raze, settings, web } from './gitops-scene';
import { GuardrailMode } from '../../../src';
import { AuditLog } from '../lab/audit-log';
import { testIf, theCluster } from '../lab/cluster';
import { admin, apply, asAdmin, find, kubectl, Person } from '../lab/kubectl';
import { eventually } from '../lab/process';

const cluster = theCluster();
const asking = new Asking();
let who: Record<string, Person> = {};

beforeAll(async () => { who = await raise(cluster, asking); });
afterAll(async () => {
  asking.close();
  await raze(cluster);
});

const REFUSED = `refused by ${POLICY}`;
const person = (name: string) => who[name] ?? who[`${name}-gitops`];
const of = (kind: string, apiVersion: string, name: string, more: object = {}) =>
  ({ apiVersion, kind, metadata: { name, namespace: NAMESPACE }, ...more });
const container = { name: 'app', image: cluster.image };
const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [container] } };
const job = { spec: { restartPolicy: 'Never', containers: [container] } };
const selector = { matchLabels: { app: 'x' } };

/** A new object of each kind that a person may write by RBAC. */
const NEW = [
  of('ConfigMap', 'v1', 'x'),
  of('Service', 'v1', 'x', { spec: { ports: [{ port: 80 }] } }),
  of('ServiceAccount', 'v1', 'x'),
  of('LimitRange', 'v1', 'x', { spec: { limits: [] } }),
  of('ResourceQuota', 'v1', 'x', { spec: {} }),
  of('Deployment', 'apps/v1', 'x', { spec: { selector, template } }),
  of('StatefulSet', 'apps/v1', 'x', { spec: { serviceName: 'x', selector, template } }),
  of('DaemonSet', 'apps/v1', 'x', { spec: { selector, template } }),
  of('CronJob', 'batch/v1', 'x', { spec: { schedule: '@daily', jobTemplate: { spec: { template: job } } } }),
  of('HorizontalPodAutoscaler', 'autoscaling/v2', 'x', { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 2 } }),
  of('Ingress', 'networking.k8s.io/v1', 'x', { spec: { defaultBackend: { service: { name: 'x', port: { number: 80 } } } } }),
  of('NetworkPolicy', 'networking.k8s.io/v1', 'x', { spec: { podSelector: {} } }),
  of('PodDisruptionBudget', 'policy/v1', 'x', { spec: { selector, maxUnavailable: 1 } }),
];

/** The ways a person changes a Deployment and a ConfigMap. */
const WAYS: [string, (by: Person) => Promise<Asked>][] = [
  ['a merge patch', by => asking.patch(by, settings, { data: { color: 'red' } })],
  ['a JSON patch', by => asking.patch(by, settings, [{ op: 'replace', path: '/data/color', value: 'red' }], JSON_PATCH)],
  ['a strategic merge patch, as set image and edit make', by => asking.patch(by, web, { spec: { template: { spec: { containers: [{ name: 'app', image: 'busybox:1.35' }] } } } }, STRATEGIC_PATCH)],
  ['a PUT, as replace makes', by => asking.replace(by, { ...settings, data: { color: 'red' } })],
  ['server-side apply', by => asking.apply(by, { ...settings, data: { color: 'red' } })],
  ['server-side apply of what is not there', by => asking.apply(by, { ...settings, metadata: { ...settings.metadata, name: 'x' } })],
  ['a label alone', by => asking.patch(by, settings, { metadata: { labels: { a: 'b' } } })],
  ['the scale', by => asking.patch(by, web, { spec: { replicas: 5 } }, MERGE_PATCH, '/scale')],
  ['the scale by PUT', by => asking.ask(by, 'PUT', `${pathOf(web)}/scale?dryRun=All`, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: web.metadata, spec: { replicas: 0 } })],
  ['a deletion', by => asking.delete(by, settings)],
  ['a deletion of all', by => asking.ask(by, 'DELETE', `${pathOf(settings, false)}?dryRun=All`)],
  ['a deletion of all with a label', by => asking.ask(by, 'DELETE', `${pathOf(web, false)}?dryRun=All&labelSelector=${encodeURIComponent('app!=none')}`)],
  ['a new object with a generated name', by => asking.ask(by, 'POST', `${pathOf(settings, false)}?dryRun=All`, { ...settings, metadata: { generateName: 'x-' } })],
  ['an object by an older version of its API', by => asking.ask(by, 'POST', `/apis/autoscaling/v1/namespaces/${NAMESPACE}/horizontalpodautoscalers?dryRun=All`, of('HorizontalPodAutoscaler', 'autoscaling/v1', 'x', { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 2 } }))],
];

it('type checking of the policy is clean', async () => {
  const { status } = await eventually('the type checking', async () => {
    const policy = await find(cluster, ['validatingadmissionpolicy', POLICY]);
    return policy.status?.observedGeneration === policy.metadata.generation ? policy : undefined;
  });
  expect(status.typeChecking?.expressionWarnings ?? []).toEqual([]);
});

describe('a person who may by RBAC is refused', () => {
  it.each(WAYS)('%s', async (_what, way) => {
    expect((await way(person('alice'))).verdict).toBe(REFUSED);
  });
  it.each(NEW.map((object): [string, object] => [object.kind, object]))('a new %s', async (_kind, object) => {
    expect((await asking.create(person('alice'), object)).verdict).toBe(REFUSED);
  });
});

describe('kubectl is refused, and says what to do', () => {
  it.each<[string, string[]]>([
    ['set image', ['set', 'image', 'deployment/web', 'app=busybox:1.35']],
    ['set env', ['set', 'env', 'deployment/web', 'DEBUG=1']],
    ['rollout restart', ['rollout', 'restart', 'deployment/web']],
    ['rollout pause', ['rollout', 'pause', 'deployment/web']],
    ['scale', ['scale', 'deployment/web', '--replicas=0']],
    ['expose', ['expose', 'deployment/web', '--port=80']],
    ['delete', ['delete', 'deployment/web']],
    ['delete --all', ['delete', 'configmaps', '--all']],
    ['annotate', ['annotate', 'configmap/settings', 'a=b']],
    ['create', ['create', 'configmap', 'x', '--from-literal=a=b']],
    ['replace --force', ['replace', '--force', '-f', '-']],
  ])('%s', async (_what, args) => {
    const { code, stderr } = await kubectl(cluster, person('alice'), [...args, '-n', NAMESPACE], { stdin: JSON.stringify(settings) });
    expect([code, stderr]).toEqual([1, expect.stringContaining(`is changed in Git alone: change it there, or in an emergency request break-glass in ${NAMESPACE}`)]);
  });
  it('nothing has changed after all that', async () => {
    expect((await find(cluster, ['configmap', 'settings', '-n', NAMESPACE])).data).toEqual({ color: 'green' });
    expect((await find(cluster, ['deployment', 'web', '-n', NAMESPACE])).metadata.generation).toBe(1);
  });
});

describe('nor do these open it', () => {
  const change = WAYS[0][1];
  it('a cluster-admin', async () => expect((await change(person('bob'))).verdict).toBe(REFUSED));
  it('an admin of the namespace, by wildcard', async () => expect((await change(person('dave'))).verdict).toBe(REFUSED));
  it('system:masters', async () => {
    const { code, stderr } = await kubectl(cluster, admin(cluster), ['scale', 'deployment/web', '--replicas=0', '-n', NAMESPACE]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('rights by wildcard, by a ClusterRoleBinding or by system:masters are no emergency')]);
  });
  it('a ServiceAccount that is no GitOps identity', async () => expect((await change(person('robot'))).verdict).toBe(REFUSED));
  it('the right to emergencies from a Role of another name', async () => expect((await change(person('frank'))).verdict).toBe(REFUSED));
  it('the right to emergencies from a grant that is no break-glass', async () => expect((await change(person('grace'))).verdict).toBe(REFUSED));
  it('the right to emergencies from a ClusterRole of the same name', async () => expect((await change(person('ivan'))).verdict).toBe(REFUSED));
  it('an emergency in another namespace', async () => expect((await change(person('heidi'))).verdict).toBe(REFUSED));
  it('deleting the namespace as a whole', async () => {
    expect((await asking.ask(person('bob'), 'DELETE', `/api/v1/namespaces/${NAMESPACE}?dryRun=All`)).verdict).toBe(REFUSED);
  });
  it('taking the Pod Security level from the namespace', async () => {
    expect((await asking.ask(person('bob'), 'PATCH', `/api/v1/namespaces/${NAMESPACE}?dryRun=All`, { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged', 'a': 'b' } } }, MERGE_PATCH)).verdict).toBe(REFUSED);
  });
  it('taking the namespace\'s name from its labels, by which it is found', async () => {
    expect((await asking.ask(person('bob'), 'PATCH', `/api/v1/namespaces/${NAMESPACE}?dryRun=All`, { metadata: { labels: { 'kubernetes.io/metadata.name': 'other' } } }, MERGE_PATCH)).verdict).not.toBe('passed');
  });
  it('an emergency of somebody who is cluster-admin by a ClusterRoleBinding too, which the message says', async () => {
    const asked = await change(person('bob'));
    expect(asked.message).toContain('rights by wildcard, by a ClusterRoleBinding or by system:masters are no emergency: change it in Git, or break glass as somebody who has none of them');
  });
});

describe('these pass', () => {
  it.each(WAYS)('the GitOps identity, with %s', async (_what, way) => {
    expect((await way(person('deployer'))).verdict).toBe('passed');
  });
  it.each(WAYS)('a person in an emergency, with %s', async (_what, way) => {
    expect((await way(person('eve'))).verdict).toBe('passed');
  });
  it('an excepted operator', async () => expect((await WAYS[0][1](person('olaf'))).verdict).toBe('passed'));
  it('a namespace that is not guarded', async () => {
    expect((await asking.patch(person('alice'), { ...settings, metadata: { name: 'settings', namespace: FREE } }, { data: { color: 'red' } })).verdict).toBe('passed');
  });
  it('the status, which is no change of what stands in Git', async () => {
    expect((await asking.patch(person('alice'), web, { status: { observedGeneration: 1 } }, MERGE_PATCH, '/status')).verdict).toBe('passed');
  });
  it('what does not stand in Git: a Secret, a Job', async () => {
    expect((await asking.create(person('alice'), of('Secret', 'v1', 'x'))).verdict).toBe('passed');
    expect((await asking.create(person('alice'), of('Job', 'batch/v1', 'x', { spec: { template: job } }))).verdict).toBe('passed');
  });
  it('whoever may impersonate a GitOps identity is one: inventory who may', async () => {
    const { code } = await kubectl(cluster, person('judy'), ['annotate', 'configmap/settings', 'a=b', '-n', NAMESPACE, '--dry-run=server', `--as=system:serviceaccount:${NAMESPACE}:deployer`]);
    expect(code).toBe(0);
  });
});

describe('the control plane keeps working', () => {
  it('a Deployment gets its ReplicaSet, and its status', async () => {
    await eventually('the ReplicaSet', async () => (JSON.parse(await asAdmin(cluster, ['get', 'replicasets', '-n', NAMESPACE, '-l', 'app=web', '-o', 'json'])).items.length > 0) || undefined);
    await eventually('the status', async () => (await find(cluster, ['deployment', 'web', '-n', NAMESPACE])).status?.observedGeneration);
  });
  it('the namespace has what controllers put into it', async () => {
    await eventually('the CA and the default ServiceAccount', async () =>
      await find(cluster, ['configmap', 'kube-root-ca.crt', '-n', NAMESPACE]) && await find(cluster, ['serviceaccount', 'default', '-n', NAMESPACE]) ? true : undefined);
  });
  it('what is deleted by a controller comes back and goes', async () => {
    const { code } = await kubectl(cluster, person('deployer'), ['delete', 'serviceaccount', 'default', '-n', NAMESPACE]);
    expect(code).toBe(0);
    await eventually('the ServiceAccount to come back', async () => find(cluster, ['serviceaccount', 'default', '-n', NAMESPACE]));
  });
  it('what an owner leaves is collected', async () => {
    const owner = await kubectl(cluster, person('deployer'), ['create', 'configmap', 'owner', '-n', NAMESPACE]);
    expect(owner.code).toBe(0);
    const { uid } = (await find(cluster, ['configmap', 'owner', '-n', NAMESPACE])).metadata;
    const owned = { ...settings, metadata: { name: 'owned', namespace: NAMESPACE, ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }] } };
    await kubectl(cluster, person('deployer'), ['create', '-f', '-'], { stdin: JSON.stringify(owned) });
    await kubectl(cluster, person('deployer'), ['delete', 'configmap', 'owner', '-n', NAMESPACE]);
    await eventually('the owned one to go', async () => await find(cluster, ['configmap', 'owned', '-n', NAMESPACE]) ? undefined : true);
  });
});

describe('an emergency', () => {
  testIf(cluster.auditLog, 'needs the audit log')('is stamped in the audit event, which names the grant\'s person', async () => {
    const log = new AuditLog(cluster.auditLog!);
    expect((await kubectl(cluster, person('eve'), ['scale', 'deployment/web', '--replicas=2', '-n', NAMESPACE])).code).toBe(0);
    const event = await eventually('the event', async () => log.events().find(({ user, objectRef, stage, requestURI }) =>
      user.username === 'eve-gitops' && objectRef?.subresource === 'scale' && stage === 'ResponseComplete' && !requestURI.includes('dryRun')));
    expect(event.annotations[`${POLICY}/past-git`]).toBe(`UPDATE deployments/scale web in ${NAMESPACE} by eve-gitops`);
    expect(event.annotations['validation.policy.admission.k8s.io/validation_failure']).toBeUndefined();
    expect(event.responseStatus.code).toBe(200);
  });

  testIf(cluster.auditLog, 'needs the audit log')('what GitOps and controllers do is not stamped', async () => {
    const log = new AuditLog(cluster.auditLog!);
    const stamped = log.events().filter(({ annotations }) => annotations?.[`${POLICY}/past-git`]).map(({ user }) => user.username);
    expect(stamped).not.toContain(`system:serviceaccount:${NAMESPACE}:deployer`);
    expect(stamped.filter(name => name.startsWith('system:serviceaccount:kube-system:'))).toEqual([]);
  });

  it('ends with the grant', async () => {
    expect((await WAYS[0][1](person('eve'))).verdict).toBe('passed');
    try {
      await asAdmin(cluster, ['delete', 'rolebinding', GRANT.metadata.name, '-n', NAMESPACE]);
      await eventually('the emergency to end', async () => (await WAYS[0][1](person('eve'))).verdict === REFUSED || undefined, 30_000);
    } finally {
      await apply(cluster, [GRANT]);
    }
  });
});

describe('modes', () => {
  afterAll(() => apply(cluster, guardrail(GuardrailMode.DENY)));
  const change = (color: string) => kubectl(cluster, person('alice'), ['patch', 'configmap/settings', '-n', NAMESPACE, '--type=merge', '-p', `{"data":{"color":"${color}"}}`]);

  it('WARN lets it through, and kubectl shows why it would be refused', async () => {
    await apply(cluster, guardrail(GuardrailMode.WARN));
    const { stderr } = await eventually('a warning', async () => {
      const ended = await change('orange');
      return ended.code === 0 ? ended : undefined;
    });
    expect(stderr).toContain(`Warning: Validation failed for ValidatingAdmissionPolicy '${POLICY}' with binding '${POLICY}': configmaps settings in ${NAMESPACE} is changed in Git alone`);
  });

  testIf(cluster.auditLog, 'needs the audit log')('AUDIT lets it through, and the log tells it from an emergency', async () => {
    const log = new AuditLog(cluster.auditLog!);
    await apply(cluster, guardrail(GuardrailMode.AUDIT));
    await eventually('silence', async () => {
      const { code, stderr } = await change('yellow');
      return code === 0 && !stderr || undefined;
    });
    const event = await eventually('the event', async () => log.events().filter(({ user, stage }) => user.username === 'alice-gitops' && stage === 'ResponseComplete').pop());
    expect(event.responseStatus.code).toBe(200);
    expect(event.annotations[`${POLICY}/past-git`]).toBe(`UPDATE configmaps settings in ${NAMESPACE} by alice-gitops`);
    expect(event.annotations['validation.policy.admission.k8s.io/validation_failure']).toContain('is changed in Git alone');
  });
});
