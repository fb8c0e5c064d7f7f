/**
 * Diagnostics without a right on the Kubernetes API: a Deployment of cdk8s-plus gets an authenticated door, and its namespace a page
 * that shows all its pods.
 *
 *     npx tsx --tsconfig tsconfig.dev.json examples/diagnostics/main.ts [OUTDIR]
 */
import { join } from 'path';
import { ApiObject, App, Chart, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { DiagnosticsEndpoint, DiagnosticsPreset, DiagnosticsProxy, DiagnosticsRoute, DiagnosticsService, OAuth2ProxyProps } from 'cdk8s-secure-debug';

const app = new App({ outdir: process.argv[2] ?? join(__dirname, 'out') });
const chart = new Chart(app, 'payments', { namespace: 'payments' });

// What the team has had all along. The diagnostics listen on 127.0.0.1:6060.
const ledger = new kplus.Deployment(chart, 'ledger', {
  metadata: { name: 'ledger' },
  replicas: 2,
  containers: [{
    image: 'registry.example/ledger:1.4.2',
    ports: [{ name: 'http', number: 8080 }, { name: 'debug', number: 6060 }],
    readiness: kplus.Probe.fromHttpGet('/', { port: 8080 }),
    securityContext: {
      user: 10001,
      group: 10001,
      capabilities: { drop: [kplus.Capability.ALL] },
      seccompProfile: { type: kplus.SeccompProfileType.RUNTIME_DEFAULT },
    },
    resources: {
      cpu: { request: kplus.Cpu.millis(50), limit: kplus.Cpu.millis(500) },
      memory: { request: Size.mebibytes(64), limit: Size.mebibytes(256) },
      ephemeralStorage: { request: Size.gibibytes(1), limit: Size.gibibytes(1) },
    },
  }],
});

new ApiObject(chart, 'budget', {
  apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'ledger' }, spec: { maxUnavailable: 1, selector: { matchLabels: ledger.matchLabels } },
});

// Who may look: members of a group of the identity provider. Its endpoints stand in /.well-known/openid-configuration.
const login = (clientId: string, secretName: string): OAuth2ProxyProps => ({
  issuerUrl: 'https://login.example.com',
  authorizationUrl: 'https://login.example.com/authorize',
  tokenUrl: 'https://login.example.com/token',
  jwksUrl: 'https://login.example.com/keys',
  groups: ['oncall-payments'],
  clientId,
  secretName,
});
const at = (host: string) => DiagnosticsRoute.ingress({ host, className: 'internal', tlsSecretName: `${host.split('.')[0]}-tls`, controllerNamespace: 'ingress' });

const page = new DiagnosticsService(chart, 'overview', {
  namespace: 'payments',
  proxy: DiagnosticsProxy.oauth2Proxy(login('payments-overview', 'overview-login')),
  route: at('overview.payments.example.com'),
});

new DiagnosticsEndpoint(chart, 'door', {
  workload: ledger,
  port: 6060,
  presets: [DiagnosticsPreset.contract(), DiagnosticsPreset.node()],
  proxy: DiagnosticsProxy.oauth2Proxy(login('payments-ledger', 'ledger-login')),
  route: at('ledger.payments.example.com'),
  openPorts: [8080],
  overview: page.name,
});

app.synth();
