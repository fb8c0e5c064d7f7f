import { readFileSync } from 'fs';
import { askEverything, debugPaths, holes } from './holes';
import { AuditPolicyEvaluator } from '../../../src';
import { AuditLog } from '../lab/audit-log';
import { testIf, theCluster } from '../lab/cluster';

const cluster = theCluster();
const withLog = testIf(cluster.auditLog, 'the audit log of this cluster cannot be read from here');
const policy = () => AuditPolicyEvaluator.fromYaml(readFileSync(cluster.auditPolicy!, 'utf8'));

withLog('the policy that is loaded has no gap', () => {
  expect(policy().gaps()).toEqual([]);
});

test('the API server serves the debug paths that are known, and no other', async () => {
  // A release with a new way into a pod has to be looked at, and recorded.
  const served = (await debugPaths(cluster)).map(({ resource }) => resource).filter(resource => resource !== 'pods/resize'); // from 1.32
  expect(served.sort()).toEqual([
    'nodes/proxy', 'pods', 'pods/attach', 'pods/binding', 'pods/ephemeralcontainers', 'pods/eviction', 'pods/exec', 'pods/log', 'pods/portforward',
    'pods/proxy', 'pods/status', 'serviceaccounts/token', 'services/proxy',
  ]);
});

withLog('whoever asks, by whatever verb: each request on a debug path is in the log at its level', async () => {
  const asked = await askEverything(cluster);
  const events = new AuditLog(cluster.auditLog!).events();
  expect(holes(asked, events, policy())).toEqual([]);
  expect(asked.length).toBeGreaterThan(250);
  const verbs = new Set(events.filter(event => /hole-\d+-\d+-x/.test(event.requestURI)).map(event => event.verb));
  expect([...verbs].sort()).toEqual(['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']);
});
