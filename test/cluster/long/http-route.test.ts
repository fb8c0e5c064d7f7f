import { spawnSync } from 'child_process';
import { readFileSync } from 'fs';
import { join } from 'path';
import { App, Chart, Testing } from 'cdk8s';
import { DiagnosticsEndpoint, DiagnosticsPreset, DiagnosticsProxy, DiagnosticsRoute } from '../../../src';
import { ledger, LOGIN } from '../../diagnostics/ledger';
import { testIf, theCluster } from '../lab/cluster';
import { admin, apply, asAdmin, kubectl } from '../lab/kubectl';
import { eventually, must } from '../lab/process';
import { namespace, remove } from '../lab/targets';

/** The HTTPRoute of a DiagnosticsEndpoint, judged by the API server with the definitions that the Gateway API releases. */

const MODULE = 'sigs.k8s.io/gateway-api@v1.4.0';
const NAMESPACE = 'sd-http-route';
const cluster = theCluster();
const it = testIf(spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0, 'needs Go, which fetches the definitions of the Gateway API');

let definition: any;

beforeAll(async () => {
  const { Dir } = JSON.parse(await must('go', ['mod', 'download', '-json', MODULE], { env: process.env, timeout: 120_000 }));
  definition = readFileSync(join(Dir, 'config', 'crd', 'standard', 'gateway.networking.k8s.io_httproutes.yaml'), 'utf8');
  await asAdmin(cluster, ['apply', '--server-side', '-f', '-'], { stdin: definition });
  await remove(cluster, [NAMESPACE]);
  await apply(cluster, [namespace(NAMESPACE)]);
  await eventually('the Gateway API to be served', async () => {
    const { code } = await kubectl(cluster, admin(cluster), ['-n', NAMESPACE, 'get', 'httproutes']);
    return code === 0 || undefined;
  });
});

afterAll(async () => {
  await remove(cluster, [NAMESPACE]);
  await asAdmin(cluster, ['delete', '--ignore-not-found', 'customresourcedefinition', 'httproutes.gateway.networking.k8s.io']);
});

function route(): any {
  const chart = new Chart(new App(), 'ledger', { namespace: NAMESPACE });
  new DiagnosticsEndpoint(chart, 'door', {
    workload: ledger(chart, 'debug', 6060),
    port: 6060,
    presets: [DiagnosticsPreset.contract()],
    openPorts: [],
    proxy: DiagnosticsProxy.oauth2Proxy(LOGIN),
    route: DiagnosticsRoute.gateway({ host: 'ledger.example.com', gatewayName: 'edge', gatewayNamespace: 'edge', sectionName: 'https', controllerNamespace: 'edge' }),
  });
  return Testing.synth(chart).find(({ kind }) => kind === 'HTTPRoute');
}

const applied = (object: object) => kubectl(cluster, admin(cluster), ['apply', '--server-side', '--validate=strict', '-f', '-'], { stdin: JSON.stringify(object) });

it('the API server takes it, and changes nothing but what it fills in', async () => {
  const emitted = route();
  expect(await applied(emitted)).toMatchObject({ code: 0, stderr: '' });
  const { spec } = JSON.parse(await asAdmin(cluster, ['-n', NAMESPACE, 'get', 'httproute', emitted.metadata.name, '-o', 'json']));
  expect(spec).toMatchObject(emitted.spec);
  // What is filled in: which kinds are meant, and every path.
  expect(spec.parentRefs).toEqual([{ group: 'gateway.networking.k8s.io', kind: 'Gateway', ...emitted.spec.parentRefs[0] }]);
  expect(spec.rules[0].matches).toEqual([{ path: { type: 'PathPrefix', value: '/' } }]);
});

it('it would refuse one with a field that is not there, and one with a host that is none', async () => {
  const unknown = route();
  unknown.spec.rules[0].backends = unknown.spec.rules[0].backendRefs;
  expect(await applied(unknown)).toMatchObject({ code: 1, stderr: expect.stringContaining('.spec.rules[0].backends: field not declared in schema') });
  const wrong = route();
  wrong.spec.hostnames = ['https://ledger.example.com'];
  expect(await applied(wrong)).toMatchObject({ code: 1, stderr: expect.stringContaining('spec.hostnames[0]: Invalid value') });
});
