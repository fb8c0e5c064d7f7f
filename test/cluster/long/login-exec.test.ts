/** A login by secure-debug opens a shell in a pod that runs, and what becomes of the shell when the token ends. */
import { mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { App, Chart, Duration } from 'cdk8s';
import { AuthenticationConfiguration, ControlPlane, OnCallDebugAccess, TokenIssuer } from '../../../src';
import { Desk } from '../cli/login-desk';
import { build, demolish, install } from '../cli/program';
import { Issuers, startIssuers } from '../credentials/issuer';
import { bootControlPlane } from '../credentials/own-control-plane';
import { Cluster, scratch, testIf, theCluster } from '../lab/cluster';
import { apply, asAdmin } from '../lab/kubectl';
import { eventually } from '../lab/process';
import { namespace } from '../lab/targets';

const given = theCluster();
const folder = scratch(given, 'login-exec');
const NAMESPACE = 'sd-login-exec';
/** Long enough to open a shell on a machine that does much else. */
const SECONDS = 45;

const it = testIf(given.own && given.node, 'needs an API server of its own, with a node');

let issuers: Issuers;
let cluster: Cluster;
let stop: (() => Promise<unknown>) | undefined;

beforeAll(async () => {
  if (!given.own || !given.node) return;
  const person = (name: string, groups: string[]) => ({ claims: { email: `${name}@example.com`, email_verified: true, groups } });
  issuers = await startIssuers(join(folder, 'issuers'), {
    people: { idTokenSeconds: SECONDS, accounts: { alice: person('alice', ['oncall-payments']), bob: person('bob', ['staff']) } },
  });
  await build();
  install(join(folder, 'bin'));
  const issuer = new TokenIssuer({
    issuerUrl: issuers.named.people.url, certificateAuthority: issuers.authority, audiences: ['kubectl'], groups: ['oncall-payments'], maxTokenLife: Duration.minutes(15),
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'authentication.yaml'), new AuthenticationConfiguration(new ControlPlane({ clusterVersion: given.version }), 'login', { issuers: [issuer] }).toYaml());
  ({ cluster, stop } = await bootControlPlane(given, join(folder, 'plane'), join(folder, 'authentication.yaml'), true));
  const chart = new Chart(new App(), 'access');
  new OnCallDebugAccess(chart, 'oncall', { namespace: NAMESPACE, subjects: [issuer.group('oncall-payments')] });
  const container = { name: 'app', image: given.image, command: ['sleep', '3600'] };
  await apply(cluster, [namespace(NAMESPACE)]);
  await apply(cluster, [...chart.toJson(), { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'ledger', namespace: NAMESPACE }, spec: { containers: [container], terminationGracePeriodSeconds: 0 } }]);
  await asAdmin(cluster, ['wait', '-n', NAMESPACE, '--for=condition=Ready', 'pod/ledger', '--timeout=180s']);
}, 600_000);
afterAll(async () => {
  demolish();
  await stop?.();
  issuers?.stop();
}, 120_000);

const at = () => Desk.at({ cluster, issuers, folder, namespace: NAMESPACE }, 'people');

it('by the group it runs a command; an open one goes on after the token, and nothing new is let in', async () => {
  const desk = await at();
  await desk.logIn('alice');
  expect(await desk.kubectl('exec', 'ledger', '--', 'echo', 'hello')).toMatchObject({ code: 0, stdout: 'hello\n' });
  const open = desk.kubectl('exec', 'ledger', '--', 'sh', '-c', `echo open; sleep ${SECONDS + 20}; echo still here`);
  const { expiresAt } = desk.login;
  await eventually('the token to end', async () => Date.now() > expiresAt || undefined, 90_000);
  expect(await desk.kubectl('exec', 'ledger', '--', 'id')).toMatchObject({ code: 1, stderr: expect.stringContaining('Your login has ended') });
  expect(await open).toMatchObject({ code: 0, stdout: 'open\nstill here\n' });
}, 240_000);

it('without the group it is refused', async () => {
  const desk = await at();
  await desk.logIn('bob');
  expect((await desk.kubectl('exec', 'ledger', '--', 'id')).stderr).toContain('User "oidc:bob@example.com" cannot get resource "pods"');
}, 120_000);
