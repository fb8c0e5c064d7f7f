import { execFileSync } from 'child_process';
import { readFileSync, writeFileSync } from 'fs';
import { join } from 'path';
import { gzipSync } from 'zlib';
import { App, Chart } from 'cdk8s';
import { build, demolish, secureDebug } from './program';
import { BreakGlassAccess, GitOpsGuardrail, GitOpsIdentity, GuardrailMode, SecureDebugWarnings } from '../../../src';
import { testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, kubectl } from '../lab/kubectl';
import { eventually } from '../lab/process';
import { group, Scene } from '../requests/scene';

/** A real emergency, what people did in it, and what the audit log then says to who writes the follow-up commit. */

const cluster = theCluster();
const scene = new Scene(cluster, 'drift');
const POLICY = 'sd-drift-guardrail';
const HERE = ['-n', scene.place];
/** The log may have earlier runs of this file. */
const SINCE = ['--since', new Date().toISOString()];
const labels = { part: 'many' };
const configMap = (name: string, more: object = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: scene.place, ...more }, data: { color: 'green' } });

function declared(mode: GuardrailMode): any[] {
  const chart = new Chart(new App(), 'suite');
  for (const { id } of SecureDebugWarnings.rules()) SecureDebugWarnings.acknowledge(chart, id, 'what it warns of is what the suite tries');
  new GitOpsGuardrail(chart, 'gitops', { name: POLICY, mode, namespaces: [scene.place], identities: [GitOpsIdentity.serviceAccount(scene.place, 'deployer')] });
  new BreakGlassAccess(chart, 'glass', {
    namespace: scene.place,
    profile: 'apps',
    requesters: [scene.group('oncall')],
    approvers: [scene.group('leads')],
    approvals: 1,
    policyElsewhere: true,
    extraRules: [
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'patch'] },
      { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['get', 'patch', 'update'] },
      { apiGroups: [''], resources: ['configmaps'], verbs: ['deletecollection', 'list'] },
    ],
  });
  return chart.toJson();
}

const as = (person: string, ...args: string[]) => kubectl(cluster, scene.who[person], [...args, ...HERE]);
const cli = (person: string, ...args: string[]) => secureDebug(cluster, scene.who[person], args);
const paint = (person: string, color: string, ...more: string[]) => as(person, 'patch', 'configmap', 'settings', '--type=merge', '-p', JSON.stringify({ data: { color } }), ...more);
/** No person of it has a kubeconfig that the command could need: it reads files alone. */
const drift = (...args: string[]) => secureDebug(cluster, { name: 'nobody', kubeconfig: '/nonexistent' } as any, ['drift', ...SINCE, ...HERE, ...args]);

beforeAll(async () => {
  await build();
  await scene.raise();
  const web = { app: 'web' };
  await apply(cluster, [
    configMap('settings'), configMap('one', { labels }), configMap('two', { labels }),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: scene.place },
      spec: { replicas: 0, selector: { matchLabels: web }, template: { metadata: { labels: web }, spec: { containers: [{ name: 'app', image: cluster.image }] } } },
    },
    scene.toClusterRole('editors', 'edit', [group(scene.group('leads'))]),
    ...declared(GuardrailMode.DENY),
  ]);
  await eventually('the guardrail to decide', async () => (await paint('bob', 'red')).stderr.includes(POLICY) || undefined);
}, 120_000);
afterAll(async () => {
  demolish();
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', POLICY, '--ignore-not-found']);
  await scene.raze();
}, 120_000);

testIf(cluster.auditLog, 'needs the audit log')('an emergency by approval, one at once, and a change that nobody declared: each is listed with its ticket, or without', async () => {
  // Dave asks, is approved, and repairs.
  expect((await cli('dave', 'request', 'break-glass-apps', '--reason', 'web | does `not` answer', '--ticket', 'INC-42', '--for', '20m', ...HERE)).code).toBe(0);
  expect((await cli('bob', 'approve', scene.name('dave'), ...HERE)).code).toBe(0);
  const patched = () => as('dave', 'patch', 'deployment', 'web', '-p', JSON.stringify({ spec: { template: { metadata: { annotations: { repaired: 'yes' } } } } }));
  await eventually('the emergency', async () => (await patched()).code === 0 || undefined);
  expect(await as('dave', 'scale', 'deployment', 'web', '--replicas=1')).toMatchObject({ code: 0 });
  expect(await as('dave', 'scale', 'deployment', 'web', '--replicas=0', '--dry-run=server')).toMatchObject({ code: 0 });
  expect((await scene.send('dave', 'DELETE', `/api/v1/namespaces/${scene.place}/configmaps?labelSelector=part%3Dmany`)).status).toBe(200);
  // Oscar edits by RBAC all the time; his emergency is open, but it is not what RBAC names.
  expect((await cli('oscar', 'request', 'break-glass', '--reason', 'wrong color', '--ticket', 'INC-43', '--for', '20m', ...HERE)).code).toBe(0);
  await eventually('his emergency', async () => (await paint('oscar', 'blue')).code === 0 || undefined);
  // Bob edits by RBAC too, and is refused until the guardrail only watches.
  expect((await paint('bob', 'red')).code).toBe(1);
  await apply(cluster, declared(GuardrailMode.AUDIT).filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy')));
  await eventually('the guardrail to watch', async () => (await paint('bob', 'red')).code === 0 || undefined);

  const found = await eventually('the events', async () => {
    const { code, stdout, stderr } = await drift(cluster.auditLog!, '--json');
    if (code !== 0) throw new Error(stderr);
    const data = JSON.parse(stdout);
    return data.undeclared.length > 0 ? data : undefined;
  });
  const dave = { namespace: scene.place, by: scene.name('dave'), grant: `break-glass-apps:${scene.name('dave')}/${scene.place}`, grantFrom: 'authorizer', ticket: 'INC-42', reason: 'web | does `not` answer', lacks: '', approvals: [{ user: scene.name('bob'), group: scene.group('leads') }] };
  expect(found.drifted).toMatchObject([
    { ...dave, resource: 'deployments.apps', name: 'web', done: { patch: 1, scale: 1 }, times: 2, lastDone: 'scale', collection: false },
    { ...dave, resource: 'configmaps', name: expect.stringMatching(/^(one|two)$/), done: { delete: 1 }, collection: true },
    { resource: 'configmaps', name: 'settings', by: scene.name('oscar'), done: { patch: 1 }, ticket: 'INC-43', reason: 'wrong color', grant: `break-glass:${scene.name('oscar')}/${scene.place}`, grantFrom: 'person', lacks: '' },
  ]);
  expect(found.undeclared).toMatchObject([{ resource: 'configmaps', name: 'settings', by: scene.name('bob'), done: { patch: 1 }, ticket: '', reason: '' }]);
  // The log is at Metadata about them, so what was changed is not made up.
  expect([...found.drifted, ...found.undeclared].map(({ fields }: any) => fields)).toEqual([[], [], [], []]);
  // Both of the collection are gone, and the log has the name of one.
  expect(JSON.parse(await asAdmin(cluster, ['get', 'configmaps', '-l', 'part=many', '-o', 'json', ...HERE])).items).toEqual([]);

  // The same by standard input, packed, and for one ticket; what is undeclared fails a pipeline that wants that.
  const packed = join(cluster.folder, 'drift-audit.log.gz');
  writeFileSync(packed, gzipSync(readFileSync(cluster.auditLog!)));
  const ticket = await drift(packed, '--ticket', 'INC-43');
  expect(ticket).toMatchObject({ code: 0, stdout: expect.stringMatching(/configmaps\/settings +patch +oscar-drift +INC-43 +break-glass:oscar-drift\/sd-drift +wrong color\n/) });
  expect(ticket.stdout).not.toMatch(/INC-42|bob-drift/);
  expect((await drift(packed, '--fail-on', 'undeclared')).code).toBe(1);
  expect((await drift(packed, '--fail-on', 'no-grant')).code).toBe(0);

  // The text for the pull request, and the first of the commands in it.
  const { stdout: markdown } = await drift(packed, '--markdown');
  expect(markdown).toContain(`### \`${scene.place}\`\n\n- [ ] \`deployments.apps\` \`web\`\n  - patch, scale by \`dave-drift\``);
  expect(markdown).toContain('reason <code>web &#124; does &#96;not&#96; answer</code>');
  expect(markdown).toContain('## Changed past Git, undeclared');
  const [, command] = /^ {2}kubectl (.*)$/m.exec(markdown)!;
  const shown = execFileSync('bash', ['-c', `exec "$0" ${command}`, cluster.clients[Object.keys(cluster.clients)[0]]], { encoding: 'utf8', env: { KUBECONFIG: cluster.kubeconfig, HOME: cluster.folder } });
  expect(shown).toMatch(/repaired: "?yes/);
}, 120_000);
