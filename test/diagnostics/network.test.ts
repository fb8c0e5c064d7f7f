import { App, Chart, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { DiagnosticsEndpoint, DiagnosticsPreset, DiagnosticsProxy, DiagnosticsRoute, DiagnosticsService, NetworkEndpoint, NetworkPort, NetworkReachability } from '../../src';

/** What the NetworkPolicies mean, by the model that is compared with cyclonus and with packets. */

const proxy = DiagnosticsProxy.custom({ image: 'proxy:1', args: [], authentication: 'x' });
const route = (host: string) => DiagnosticsRoute.ingress({ host, className: 'c', tlsSecretName: 't', controllerNamespace: 'ingress', controllerLabels: { app: 'controller' } });
const chart = new Chart(new App(), 'payments', { namespace: 'payments' });
const page = new DiagnosticsService(chart, 'page', { namespace: 'payments', proxy, route: route('page.example.com'), issuerCidrs: ['203.0.113.0/24'] });
new DiagnosticsEndpoint(chart, 'door', {
  workload: new kplus.Deployment(chart, 'ledger', { metadata: { name: 'ledger' }, containers: [{ image: 'l:1', ports: [{ number: 8080, name: 'a' }, { number: 6060, name: 'b' }] }] }),
  port: 6060,
  presets: [DiagnosticsPreset.contract()],
  proxy,
  route: route('ledger.example.com'),
  openPorts: [8080],
  overview: page.name,
});
const manifests = Testing.synth(chart);
const labelsOf = (name: string) => manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name).spec.template.metadata.labels;
const network = NetworkReachability.fromManifests(manifests);

const ENDS: { [name: string]: NetworkEndpoint } = {
  'ledger': NetworkEndpoint.pod('payments', labelsOf('ledger')),
  'page': NetworkEndpoint.pod('payments', labelsOf('diagnostics-overview')),
  'the ingress controller': NetworkEndpoint.pod('ingress', { app: 'controller' }),
  'another pod of the ingress': NetworkEndpoint.pod('ingress', { app: 'other' }),
  'a neighbour': NetworkEndpoint.pod('payments', { app: 'x' }),
  'a pod that calls itself the page': NetworkEndpoint.pod('staging', labelsOf('diagnostics-overview')),
  'DNS': NetworkEndpoint.pod('kube-system', { 'k8s-app': 'kube-dns' }),
  'the API server': NetworkEndpoint.ip('192.0.2.1'),
  'the identity provider': NetworkEndpoint.ip('203.0.113.7'),
};

it.each([
  ['the ingress controller', 'ledger', 4180, true],
  ['another pod of the ingress', 'ledger', 4180, false],
  ['a neighbour', 'ledger', 4180, false],
  ['page', 'ledger', 4182, true],
  ['a neighbour', 'ledger', 4182, false],
  ['the ingress controller', 'ledger', 4182, false],
  ['a pod that calls itself the page', 'ledger', 4182, false],
  ['page', 'ledger', 6060, false],
  ['the ingress controller', 'ledger', 6060, false],
  ['a neighbour', 'ledger', 6060, false],
  ['a neighbour', 'ledger', 8080, true],
  ['page', 'ledger', 8080, false],
  ['the ingress controller', 'page', 4180, true],
  ['a neighbour', 'page', 4180, false],
  ['ledger', 'page', 4183, false],
  ['page', 'DNS', 53, true],
  ['page', 'the identity provider', 443, true],
  ['page', 'the API server', 443, false],
  ['page', 'a neighbour', 4182, false],
])('%s to %s at %i: %s', (from, to, port, allowed) => {
  expect(network.reachable(ENDS[from], ENDS[to], NetworkPort.tcp(port)).allowed).toBe(allowed);
});
