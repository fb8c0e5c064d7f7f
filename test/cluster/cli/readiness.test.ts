import { readFileSync, writeFileSync } from 'fs';
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import { readiness } from '../../../cli/src/audit/readiness';
import { simulate } from '../../../cli/src/audit/simulate';
import { CommandSet, DebugCapability, ExecGuardrail, GitOpsGuardrail, GitOpsIdentity, GuardrailMode, OnCallDebugAccess, SecureDebugWarnings } from '../../../src';
import { Api } from '../lab/api';
import { AuditLog } from '../lab/audit-log';
import { scratch, testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, Person } from '../lab/kubectl';
import { people, serviceAccount } from '../lab/people';
import { eventually } from '../lab/process';
import { namespace, remove } from '../lab/targets';
import { openStream } from '../lab/verdict';
import { group } from '../requests/scene';

/** Guardrails that watch, what people do meanwhile, and what is then said of the next step: it equals what was done. */

const cluster = theCluster();
const PLACE = 'sd-ready';
const GITOPS = 'sd-ready-gitops';
const EXEC = 'sd-ready-exec';
const ADMINS = 'sd-ready-admins';
const SINCE = new Date().toISOString();
const RBAC = 'rbac.authorization.k8s.io';
const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: PLACE }, data: { color: 'green' } };

function declared(mode = GuardrailMode.AUDIT): any[] {
  const chart = new Chart(new App(), 'suite');
  for (const { id } of SecureDebugWarnings.rules()) SecureDebugWarnings.acknowledge(chart, id, 'what it warns of is what the suite tries');
  new GitOpsGuardrail(chart, 'gitops', { name: GITOPS, mode, namespaces: [PLACE], kinds: ['configmaps'], identities: [GitOpsIdentity.serviceAccount(PLACE, 'deployer')] });
  const diagnostics = CommandSet.readOnlyDiagnostics();
  new ExecGuardrail(chart, 'exec', {
    name: EXEC, mode, namespaces: [PLACE], commandSets: [diagnostics, CommandSet.shell()], allow: [{ namespace: PLACE, group: 'sd-ready-oncall', commandSets: [diagnostics.name] }],
  });
  new OnCallDebugAccess(chart, 'oncall', { namespace: PLACE, group: 'sd-ready-oncall', capabilities: [DebugCapability.READ_WORKLOADS, DebugCapability.EXEC] });
  new OnCallDebugAccess(chart, 'idle', { namespace: PLACE, group: 'sd-ready-idle', name: 'debug-idle', capabilities: [DebugCapability.READ_LOGS] });
  return chart.toJson();
}

const SURROUNDINGS = [
  settings,
  { ...settings, metadata: { name: 'other', namespace: PLACE } },
  ...['deployer', 'robot'].map(name => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: PLACE } })),
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name: 'editors', namespace: PLACE },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'edit' },
    subjects: [group('sd-ready-editors'), ...['deployer', 'robot'].map(name => ({ kind: 'ServiceAccount', name, namespace: PLACE }))],
  },
  { apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', metadata: { name: ADMINS }, roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' }, subjects: [group(ADMINS)] },
];

let who: Record<string, Person>;
const apis: Api[] = [];
let log: AuditLog;

const send = (person: Person, method: string, path: string, body?: object) => {
  const api = new Api(person);
  apis.push(api);
  return api.send(method, path, body, 'application/merge-patch+json');
};
const paint = (person: string, color: string) => send(who[person], 'PATCH', `/api/v1/namespaces/${PLACE}/configmaps/settings`, { data: { color } });
const exec = (person: string, ...command: string[]) =>
  openStream(who[person], `/api/v1/namespaces/${PLACE}/pods/ledger-0/exec?container=app&stdout=true&${command.map(word => `command=${encodeURIComponent(word)}`).join('&')}`);

const io: any = { stdout: { write: () => undefined }, stderr: { write: () => undefined }, env: {} };
const events = () => log.events().filter(({ stageTimestamp }) => stageTimestamp >= SINCE);

/** The log so far, as a file that no longer grows; `change` may move events in time. */
function copy(name: string, change: (event: any) => any = event => event): string {
  const file = scratch(cluster, name);
  writeFileSync(file, events().map(event => `${JSON.stringify(change(event))}\n`).join(''));
  return file;
}

beforeAll(async () => {
  if (!cluster.auditLog) return;
  log = new AuditLog(cluster.auditLog);
  await asAdmin(cluster, ['delete', 'clusterrolebinding', ADMINS, '--ignore-not-found']);
  await remove(cluster, [PLACE]);
  await apply(cluster, [namespace(PLACE)]);
  await apply(cluster, [...SURROUNDINGS, ...declared(GuardrailMode.DENY)]);
  who = await people(cluster, [
    { name: 'alice-ready', groups: ['sd-ready-oncall'] }, { name: 'bob-ready', groups: [ADMINS] }, { name: 'carol-ready', groups: ['sd-ready-editors'] },
  ]);
  who.robot = await serviceAccount(cluster, PLACE, 'robot');
  who.deployer = await serviceAccount(cluster, PLACE, 'deployer');
  await eventually('the guardrails to refuse', async () => ((await paint('carol-ready', 'red')).status === 403 && /refused by sd-ready/.test((await exec('alice-ready', 'rm', 'x')).verdict)) || undefined);
  await apply(cluster, declared().filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy')));
  await eventually('the guardrails to watch', async () => ((await paint('carol-ready', 'red')).status === 200 && (await exec('alice-ready', 'rm', 'x')).verdict === 'passed') || undefined);
}, 120_000);

afterAll(async () => {
  apis.forEach(api => api.close());
  if (!cluster.auditLog) return;
  await asAdmin(cluster, ['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', GITOPS, EXEC, '--ignore-not-found']);
  await asAdmin(cluster, ['delete', 'clusterrolebinding', ADMINS, '--ignore-not-found']);
  await remove(cluster, [PLACE]);
}, 120_000);

testIf(cluster.auditLog, 'needs the audit log')('what would have been refused, by whom and how often, equals what was done while the guardrails watched', async () => {
  const begin = new Date().toISOString();
  for (let i = 0; i < 3; i++) expect((await exec('alice-ready', 'id')).verdict).toBe('passed');
  for (let i = 0; i < 2; i++) expect((await exec('alice-ready', 'rm', 'x')).verdict).toBe('passed');
  expect((await exec('bob-ready', 'sh')).verdict).toBe('passed');
  for (let i = 0; i < 3; i++) expect((await paint('carol-ready', `red-${i}`)).status).toBe(200);
  expect((await send(who['carol-ready'], 'DELETE', `/api/v1/namespaces/${PLACE}/configmaps/other`)).status).toBe(200);
  expect((await paint('robot', 'blue')).status).toBe(200);
  expect((await paint('deployer', 'green')).status).toBe(200);
  expect((await send(who['bob-ready'], 'GET', `/api/v1/namespaces/${PLACE}/pods`)).status).toBe(200);
  // RBAC refuses it, so no guardrail was asked.
  expect((await paint('alice-ready', 'red')).status).toBe(403);
  await eventually('the last event', async () => events().some(({ user, verb, stage, objectRef, responseStatus }) => user.username === 'alice-ready' && verb === 'patch' && stage === 'ResponseComplete'
    && objectRef?.namespace === PLACE && responseStatus?.code === 403) || undefined);

  const manifests = join(scratch(cluster, 'ready.json'));
  writeFileSync(manifests, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: declared() }));
  const of = async (file: string, more: object = {}) => (await readiness(io, [file], { declared: [manifests], since: begin, ...more })).data as any;
  const found = await of(copy('ready.log'));

  const [onExec, onGit] = [EXEC, GITOPS].map(name => found.guardrails.find(({ policy }: any) => policy === name));
  expect(onExec).toMatchObject({
    mode: 'Audit',
    next: 'Deny',
    status: 'not ready',
    asked: 6,
    askedBy: 2,
    wouldDeny: 3,
    recent: 3,
    refused: 0,
    people: ['alice-ready', 'bob-ready'],
    what: [
      { what: 'exec rm x', namespace: PLACE, times: 2, people: ['alice-ready'], groups: ['sd-ready-oncall'], message: expect.stringContaining('is in none of the command sets') },
      { what: 'exec sh', times: 1, people: ['bob-ready'], advice: expect.stringContaining('Allow the command set to their group') },
    ],
  });
  // The deployer is let pass by the policy itself, which the manifests alone do not tell.
  expect(onGit).toMatchObject({ mode: 'Audit', next: 'Warn', status: 'ready', asked: 6, wouldDeny: 5, people: ['carol-ready', `system:serviceaccount:${PLACE}:robot`] });
  const robot = `system:serviceaccount:${PLACE}:robot`;
  expect(onGit.what.map(({ what, times, people: persons, programs }: any) => [what, times, persons, programs])).toEqual([
    ['patch configmaps settings', 4, ['carol-ready'], [robot]],
    ['delete configmaps other', 1, ['carol-ready'], []],
  ]);

  // Who is cluster-admin, and what for.
  expect(found.unbounded.find(({ who: one }: any) => one === 'bob-ready')).toMatchObject({ times: 2, debug: 1, how: [`ClusterRole cluster-admin by ClusterRoleBinding ${ADMINS}`] });
  expect(found.byPath.people).toContain('alice-ready');
  expect(found.phases).toMatchObject([{ phase: 'credentials', status: 'not ready' }, { phase: 'broker', status: 'not ready' }]);
  expect(found.phases[0].why[0]).toContain('bob-ready');
  // Of the two bindings one was used.
  const unused = found.unused.map(({ grant }: any) => grant);
  expect(unused).toContain(`RoleBinding ${PLACE}/debug-idle`);
  expect(unused).not.toContain(`RoleBinding ${PLACE}/oncall-debug`);
  expect(onExec.why).toContain('would have refused 3 requests of 2 callers');

  // The same events, had the failures been ten days earlier: quiet, and the log is long enough.
  const earlier = copy('ready-earlier.log', event => {
    const failed = event.annotations?.['validation.policy.admission.k8s.io/validation_failure'];
    return failed ? { ...event, stageTimestamp: new Date(Date.parse(event.stageTimestamp) - 10 * 86_400_000).toISOString() } : event;
  });
  const quiet = await of(earlier, { since: undefined, requests: '3' });
  expect(quiet.guardrails.find(({ policy }: any) => policy === EXEC)).toMatchObject({ next: 'Deny', status: 'ready', recent: 0 });
  expect((await of(earlier, { since: undefined, requests: '1000' })).guardrails.find(({ policy }: any) => policy === EXEC)).toMatchObject({ status: 'not enough evidence' });
}, 120_000);

testIf(cluster.auditLog, 'needs the audit log')('a real log under its own policy: simulate says of every event the level at which it was recorded, to the byte', async () => {
  // A log that API servers write has no event that the policy leaves out.
  // Of what people of this file did: others work at the same time.
  const lines = readFileSync(cluster.auditLog!, 'utf8').split('\n').slice(0, -1).filter(line => line.includes('-ready'));
  const all = lines.map(line => JSON.parse(line));
  const file = scratch(cluster, 'simulate.log');
  const text = lines.map(line => `${line}\n`).join('');
  writeFileSync(file, text);
  const { data, code } = await simulate(io, cluster.auditPolicy!, [file], { failOn: ['lost', 'weaker', 'damaged'], compare: cluster.auditPolicy });
  expect(code).toBe(0);
  const { policy: { log: { volumes, unknownBodies } }, moved } = data as any;
  const recorded = (level: string) => all.filter(event => event.level === level);
  expect(volumes.map(({ level, events: many }: any) => [level, many])).toEqual(['None', 'Metadata', 'Request', 'RequestResponse'].map(level => [level, recorded(level).length]));
  expect(volumes.reduce((sum: number, { bytes }: any) => sum + bytes, 0)).toBe(Buffer.byteLength(text));
  expect({ moved, unknownBodies }).toEqual({ moved: [], unknownBodies: 0 });
  expect(all.length).toBeGreaterThan(20);
}, 120_000);
