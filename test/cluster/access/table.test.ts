import { readFileSync } from 'fs';
import { Action, ACTIONS } from './actions';
import { unrecorded } from './recorded';
import { Cell, deviations, eventsOf, observeAll, Row } from './table';
import { tableMarkdown } from './table-markdown';
import { AuditPolicyEvaluator } from '../../../src';
import { mispredicted } from '../audit/replay';
import { AuditLog } from '../lab/audit-log';
import { newestClient, testIf, theCluster } from '../lab/cluster';
import { compareDocument } from '../lab/document';
import { apply } from '../lab/kubectl';
import { hasMetrics, serveMetrics } from '../lab/metrics-api';
import { nobody, people } from '../lab/people';
import { ALONE, declareAll, DEFAULT, JUST_IN_TIME, JUST_IN_TIME_CLUSTER, NAMESPACE, NODE_DEBUGGERS, objects, OTHER_NAMESPACE, READ_ONLY, Setup, SETUPS, WITHOUT } from '../lab/setups';
import { namespace, nodeName, remove, running, surroundings, target } from '../lab/targets';

const cluster = theCluster();
const clients = Object.keys(cluster.clients);
const userOf = (setup: Setup) => `alice-${setup.name}`;
const podOf = (setup: Setup) => `pod-${setup.name}`;
const BYSTANDER = 'bystander';

let cells: Cell[] = [];
let actions: Action[] = ACTIONS;
const clean: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  if (!cluster.node) return;
  clean.push(() => remove(cluster, [NAMESPACE, OTHER_NAMESPACE]));
  await remove(cluster, [NAMESPACE, OTHER_NAMESPACE]);
  await apply(cluster, [namespace(NAMESPACE), namespace(OTHER_NAMESPACE)]);
  const grants = objects(declareAll);
  await apply(cluster, [
    ...grants,
    ...[NAMESPACE, OTHER_NAMESPACE].flatMap(ns => [...surroundings(cluster, ns), target(cluster, ns, BYSTANDER)]),
    ...SETUPS.map(setup => target(cluster, NAMESPACE, podOf(setup))),
  ]);
  const pods = [BYSTANDER, ...SETUPS.map(podOf)];
  const node = await nodeName(cluster);
  if (cluster.own) clean.push(await serveMetrics(cluster, pods, [node]));
  else if (!await hasMetrics(cluster)) actions = ACTIONS.filter(action => action.part !== 'metrics');
  const who = await people(cluster, [
    ...SETUPS.map(setup => ({ name: userOf(setup), groups: [setup.group] })),
    { name: 'mallory', groups: ['developers'] },
    { name: 'bob', groups: [DEFAULT.group] },
  ]);
  await Promise.all([running(cluster, NAMESPACE, pods), running(cluster, OTHER_NAMESPACE, [BYSTANDER])]);

  const own = (setup: Setup): Row => ({
    title: setup.name, person: who[userOf(setup)], namespace: NAMESPACE, pod: podOf(setup), granted: setup.granted,
  });
  const observer = { cluster, node, clients, actions };
  const everyClient: Row[] = [
    ...[...ALONE, DEFAULT, READ_ONLY, JUST_IN_TIME, JUST_IN_TIME_CLUSTER, NODE_DEBUGGERS].map(own),
    { title: 'the wrong group', person: who.mallory, namespace: NAMESPACE, pod: BYSTANDER, granted: [] },
    { title: 'the wrong namespace', person: who.bob, namespace: OTHER_NAMESPACE, pod: BYSTANDER, granted: [] },
    { title: 'not logged in', person: await nobody(cluster), namespace: NAMESPACE, pod: BYSTANDER, granted: [] },
  ];
  cells = [
    ...await observeAll(everyClient, observer),
    ...await observeAll(WITHOUT.map(own), { ...observer, clients: [newestClient(cluster)] }),
  ];
}, 1_800_000);

afterAll(async () => {
  for (const undo of clean.reverse()) await undo();
}, 300_000);

const events = () => cluster.auditLog ? new AuditLog(cluster.auditLog).events() : [];
const withNode = testIf(cluster.node, 'the cluster has no node');
const withLog = testIf(cluster.node && cluster.auditLog, 'it needs a node, and the audit log');

withNode('everybody can do exactly what was granted, with every kubectl', () => {
  expect(deviations(cells, events())).toEqual([]);
  expect(cells.length).toBeGreaterThan(1_000);
});

withLog('the audit log shows each session with its person, group, grant and command, and each refusal', () => {
  expect(unrecorded(cells, events())).toEqual([]);
});

withLog('kubectl opens a stream by POST before 1.30, by GET since, and one verb does not wait for a refused other', () => {
  const { action } = cells.find(cell => cell.action.title === 'exec')!;
  const verbs = clients.map(client => {
    const opened = cells.filter(cell => cell.action === action && cell.client === client && cell.observed === 'works')
      .flatMap(cell => eventsOf(cell, events()).filter(event => event.objectRef?.subresource === 'exec').map(event => event.verb));
    return [client, [...new Set(opened)]];
  });
  expect(verbs).toEqual(clients.map(client => [client, [Number(client.split('.')[1]) < 30 ? 'create' : 'get']]));
});

withLog('the evaluator predicts the level of every event in the log', () => {
  const recorded = events();
  expect(mispredicted(AuditPolicyEvaluator.fromYaml(readFileSync(cluster.auditPolicy!, 'utf8')), recorded)).toEqual([]);
  expect(recorded.length).toBeGreaterThan(5_000);
});

testIf(cluster.documented, 'the document is about the newest version, with every part')('the table in docs/ is what was observed', () => {
  compareDocument('docs/what-works.md', tableMarkdown(cells));
});
