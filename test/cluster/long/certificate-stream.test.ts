import { ChildProcessWithoutNullStreams, spawn } from 'child_process';
import { X509Certificate } from 'crypto';
import { ALICE, create, csr, decided, holder, issued, raise } from '../credentials/certificates-scene';
import { newestClient, testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin, kubectl, Person } from '../lab/kubectl';
import { eventually } from '../lab/process';
import { namespace, remove, running, target } from '../lab/targets';

/** What an open stream does when the certificate ends that opened it, and what ends the stream. Takes ten minutes: Kubernetes signs for no less. */
const cluster = theCluster();
const NAMESPACE = 'sd-certificate-stream';
const POD = 'ledger-0';
const RBAC = 'rbac.authorization.k8s.io';
const inPod = testIf(cluster.node, 'needs a node');

let scene: Awaited<ReturnType<typeof raise>> | undefined;
let alice: Person;
let end: number;
let shell: ChildProcessWithoutNullStreams;
let heard = '';
let closed: Promise<number | null>;

beforeAll(async () => {
  if (!cluster.node) return;
  await remove(cluster, [NAMESPACE]);
  await apply(cluster, [
    namespace(NAMESPACE),
    target(cluster, NAMESPACE, POD),
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'Role',
      metadata: { name: 'exec', namespace: NAMESPACE },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }, { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] }],
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'exec', namespace: NAMESPACE },
      roleRef: { apiGroup: RBAC, kind: 'Role', name: 'exec' },
      subjects: [{ apiGroup: RBAC, kind: 'Group', name: 'sd-oncall-payments' }],
    },
  ]);
  await running(cluster, NAMESPACE, [POD]);
  scene = await raise(cluster);
  const { manifest, key } = await csr(cluster, { name: 'stream', seconds: 600 });
  expect((await create(cluster, ALICE, manifest)).code).toBe(0);
  expect(await decided(cluster, 'stream')).toMatchObject({ type: 'Approved' });
  end = Date.parse(new X509Certificate(await issued(cluster, 'stream')).validTo);
  alice = await holder(cluster, 'stream', key);
  const env = { PATH: process.env.PATH, HOME: cluster.folder, KUBECONFIG: alice.kubeconfig };
  shell = spawn(cluster.clients[newestClient(cluster)], ['exec', '-i', '-n', NAMESPACE, POD, '--', 'sh', '-c', 'while read line; do echo "heard $line"; done'], { env });
  shell.stdout.setEncoding('utf8').on('data', text => { heard += text; });
  closed = new Promise(resolve => shell.on('close', resolve));
}, 240_000);
afterAll(async () => {
  shell?.kill();
  await scene?.stop();
  if (cluster.node) await remove(cluster, [NAMESPACE]);
}, 120_000);

const answers = async (word: string) => {
  shell.stdin.write(`${word}\n`);
  await eventually(`the stream to answer ${word}`, async () => heard.includes(`heard ${word}\n`) || undefined, 30_000);
};

inPod('a stream outlives its certificate, and its right; the end of the pod ends it', async () => {
  await answers('before');
  await eventually('the certificate to end', async () => Date.now() > end || undefined, 660_000);
  const refused = await eventually('a new request to be refused', async () => {
    const ended = await kubectl(cluster, alice, ['get', 'pod', POD, '-n', NAMESPACE]);
    return ended.code === 0 ? undefined : ended.stderr;
  });
  expect(refused).toMatch(/must be logged in|Unauthorized/);
  await answers('after-its-end');
  await asAdmin(cluster, ['delete', 'rolebinding', 'exec', '-n', NAMESPACE]);
  await answers('after-its-right');
  await asAdmin(cluster, ['delete', 'pod', POD, '-n', NAMESPACE, '--wait=false']);
  expect(await closed).not.toBe(0);
}, 900_000);
