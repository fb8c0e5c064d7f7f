import { spawn } from 'child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'fs';
import { request } from 'http';
import { createServer, Server } from 'https';
import { AddressInfo } from 'net';
import { dirname, join } from 'path';
import { ApiObject, App, Chart } from 'cdk8s';
import { NameServer } from './name-server';
import { builtProxy } from './proxy';
import { Visitor } from './visitor';
import { DiagnosticsEndpoint, DiagnosticsPreset, DiagnosticsProxy, DiagnosticsRoute, DiagnosticsService } from '../../../src';
import { Cluster, scratch } from '../lab/cluster';
import { apply, asAdmin, Person } from '../lab/kubectl';
import { people } from '../lab/people';
import { eventually, must } from '../lab/process';
import { namespace, remove } from '../lab/targets';

const PROJECT = join(__dirname, '..', '..', '..');
const IMAGE = 'secure-debug.test/oauth2-proxy:1.0.0';
const ISSUER_PORT = 8443;
export const NAMESPACE = 'sd-diagnostics';
export const PAGE = 'page.diagnostics.test';
export const DOOR = 'ledger.diagnostics.test';
export const GROUP = 'sd-diagnostics-oncall';
/** What nobody may see. */
export const SECRET = 'known-to-the-application-alone';

/** Applications that are not well, by the last word of their command. */
const UNWELL = `
const http = require('http');
const ill = process.argv[2];
http.createServer((request, response) => {
  if (request.url === '/debug/info') return response.end(JSON.stringify({ name: ill, version: '1', startedAt: '2026-03-01T18:00:00Z' }));
  if (ill === 'hanging') return undefined;
  const piece = Buffer.alloc(1 << 20, 'x');
  let left = 10 * 1024;
  const more = () => { while (left-- > 0 && response.write(piece)); };
  response.on('drain', more);
  more();
}).listen(6060, '127.0.0.1');
`;

/** A namespace with applications, their doors and their page, an identity provider, and what stands in for an ingress and for DNS. */
export class Scene {
  public alice!: Person;
  public visitorsAt: { [host: string]: number } = {};
  public authority = '';
  private readonly folder: string;
  private readonly host: string;
  private readonly fronts: Server[] = [];
  private dns?: NameServer;
  private issuer?: ReturnType<typeof spawn>;

  public constructor(public readonly cluster: Cluster) {
    this.folder = scratch(cluster, 'diagnostics');
    // The host's end of the cable to the node: pods reach it, and nobody outside of this host does.
    this.host = /^SERVER=https:\/\/([\d.]+)/m.exec(readFileSync(join(dirname(cluster.kubeconfig), 'cluster.env'), 'utf8'))![1];
  }

  public async set(): Promise<void> {
    const { cluster, folder } = this;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    await Promise.all([this.certificates(), this.image(), remove(cluster, [NAMESPACE])]);
    this.alice = (await people(cluster, [{ name: 'alice', groups: [GROUP] }])).alice;
    await this.startIssuer();
    this.dns = new NameServer(async name => {
      const [service, ns] = name.split('.');
      if (name !== `${service}.${ns}.svc.cluster.local`) return undefined;
      const { items } = JSON.parse(await asAdmin(cluster, ['get', 'endpointslices', '-n', ns, '-l', `kubernetes.io/service-name=${service}`, '-o', 'json']));
      return items.flatMap((slice: any) => slice.endpoints ?? []).filter((end: any) => end.conditions?.ready).flatMap((end: any) => end.addresses);
    });
    await this.dns.listen(this.host);

    await apply(cluster, [namespace(NAMESPACE, 'restricted')]);
    const secret = (name: string, stringData: object) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, stringData });
    const random = async () => (await must('openssl', ['rand', '-hex', '16'], { env: process.env })).trim();
    await apply(cluster, [
      secret('door-login', { 'client-secret': 'door-secret', 'cookie-secret': await random() }),
      secret('page-login', { 'client-secret': 'page-secret', 'cookie-secret': await random() }),
      secret('diagnostics-overview-token', { token: await random() }),
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'login-ca', namespace: NAMESPACE }, data: { 'ca.crt': this.authority } },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'programs', namespace: NAMESPACE },
        data: { 'app.js': readFileSync(join(PROJECT, 'examples', 'diagnostics', 'app.js'), 'utf8'), 'unwell.js': UNWELL },
      },
      ...this.objects(),
    ]);
    await asAdmin(cluster, ['wait', '--for=condition=Available', '--timeout=240s', '-n', NAMESPACE, ...['ledger', 'hanging', 'flooding', 'diagnostics-overview'].map(name => `deployment/${name}`)], { timeout: 250_000 });
    for (const [host, app] of [[DOOR, 'app=ledger'], [PAGE, 'app.kubernetes.io/name=diagnostics-service']]) this.visitorsAt[host] = await this.front(host, app);
  }

  public async strike(): Promise<void> {
    this.fronts.forEach(front => { front.closeAllConnections(); front.close(); });
    this.dns?.close();
    this.issuer?.stdin?.end();
    await remove(this.cluster, [NAMESPACE]);
  }

  public visitor(): Visitor {
    return new Visitor(this.visitorsAt, this.authority);
  }

  /** The identity provider goes down. */
  public async stopIssuer(): Promise<void> {
    const gone = new Promise(resolve => this.issuer!.on('exit', resolve));
    this.issuer!.stdin!.end();
    await gone;
  }

  public async startIssuer(): Promise<void> {
    const file = join(this.folder, 'issuer.json');
    const client = (name: string, host: string) => ({ client_id: name, client_secret: `${name}-secret`, redirect_uris: [`https://${host}/oauth2/callback`] });
    writeFileSync(file, JSON.stringify({
      address: this.host,
      port: ISSUER_PORT,
      cert: this.read('tls.crt'),
      key: this.read('tls.key'),
      clients: [client('door', DOOR), client('page', PAGE)],
      accounts: { alice: [GROUP, 'staff'], bob: ['staff'] },
    }), { mode: 0o600 });
    const issuer = this.issuer = spawn(process.execPath, [join(__dirname, 'issuer.mjs'), file], { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      issuer.stdout.once('data', () => resolve());
      issuer.once('exit', code => reject(new Error(`the issuer ended with ${code}`)));
    });
  }

  /** Pods by a label, that run. */
  public async pods(selector: string): Promise<any[]> {
    const { items } = JSON.parse(await asAdmin(this.cluster, ['get', 'pods', '-n', NAMESPACE, '-l', selector, '-o', 'json']));
    return items.filter((pod: any) => !pod.metadata.deletionTimestamp && pod.status.podIP);
  }

  /** A program in the application's container of a pod: it is on the pod network, and no door is in its way. */
  public from(pod: any, script: string, container = 'app'): Promise<string> {
    return asAdmin(this.cluster, ['exec', '-n', NAMESPACE, pod.metadata.name, '-c', container, '--', 'node', '-e', script]);
  }

  private read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  private async certificates(): Promise<void> {
    const file = (name: string) => join(this.folder, name);
    const openssl = (...args: string[]) => must('openssl', args, { env: process.env });
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    await openssl('req', '-x509', ...ec, '-keyout', file('ca.key'), '-out', file('ca.crt'), '-subj', '/CN=diagnostics of the suite', '-days', '2');
    await openssl('req', '-x509', ...ec, '-keyout', file('tls.key'), '-out', file('tls.crt'), '-subj', `/CN=${this.host}`, '-days', '2',
      '-addext', `subjectAltName=IP:${this.host},DNS:${DOOR},DNS:${PAGE}`, '-addext', 'basicConstraints=critical,CA:FALSE', '-CA', file('ca.crt'), '-CAkey', file('ca.key'));
    this.authority = this.read('ca.crt');
  }

  private async image(): Promise<void> {
    const program = await builtProxy();
    await must(join(PROJECT, 'test', 'cluster', 'control-plane', 'image.sh'), [dirname(this.cluster.kubeconfig), IMAGE, '--add', `${program}:bin/oauth2-proxy`], { env: process.env, timeout: 300_000 });
  }

  private objects(): any[] {
    const chart = new Chart(new App(), 'diagnostics', { namespace: NAMESPACE });
    const issuerUrl = `https://${this.host}:${ISSUER_PORT}`;
    const proxy = (client: string) => DiagnosticsProxy.oauth2Proxy({
      issuerUrl,
      authorizationUrl: `${issuerUrl}/auth`,
      tokenUrl: `${issuerUrl}/token`,
      jwksUrl: `${issuerUrl}/jwks`,
      clientId: client,
      groups: [GROUP],
      secretName: `${client}-login`,
      issuerCaConfigMap: 'login-ca',
      image: IMAGE,
    });
    const route = (host: string) => DiagnosticsRoute.ingress({ host, className: 'none', tlsSecretName: 'none', controllerNamespace: 'sd-ingress' });
    const page = new DiagnosticsService(chart, 'page', { namespace: NAMESPACE, proxy: proxy('page'), route: route(PAGE), clusterDomain: 'cluster.local' });
    for (const [name, ...command] of [['ledger', 'app.js'], ['hanging', 'unwell.js', 'hanging'], ['flooding', 'unwell.js', 'flooding']]) {
      new DiagnosticsEndpoint(chart, `door-${name}`, {
        workload: this.workload(chart, name, command),
        port: 6060,
        presets: [DiagnosticsPreset.contract(), ...name === 'ledger' ? [DiagnosticsPreset.node()] : []],
        proxy: proxy('door'),
        route: route(name === 'ledger' ? DOOR : `${name}.diagnostics.test`),
        openPorts: [8080],
        overview: page.name,
        requestsPerMinute: 600,
      });
    }
    const objects = chart.toJson();
    // The cluster's DNS is not there.
    const { template } = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'diagnostics-overview')!.spec;
    Object.assign(template.spec, { dnsPolicy: 'None', dnsConfig: { nameservers: [this.host] } });
    return objects;
  }

  private workload(chart: Chart, name: string, command: string[]): ApiObject {
    return new ApiObject(chart, name, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        replicas: name === 'ledger' ? 2 : 1,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: {
            terminationGracePeriodSeconds: 0,
            securityContext: { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [{
              name: 'app',
              image: this.cluster.nodeImage!,
              imagePullPolicy: 'IfNotPresent',
              command: ['node', `/programs/${command[0]}`, ...command.slice(1)],
              env: [{ name: 'PASSWORD', value: SECRET }],
              ports: [{ containerPort: 8080 }, { containerPort: 6060 }],
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              volumeMounts: [{ name: 'programs', mountPath: '/programs' }],
            }],
            volumes: [{ name: 'programs', configMap: { name: 'programs' } }],
          },
        },
      },
    });
  }

  /** In the place of an ingress: TLS ends here, and a pod of the app gets what was sent, byte for byte. */
  private async front(host: string, app: string): Promise<number> {
    const upstream = await eventually(`a pod of ${app}`, async () => (await this.pods(app))[0]?.status.podIP as string | undefined);
    const server = createServer({ cert: this.read('tls.crt'), key: this.read('tls.key') }, (req, res) => {
      req.pipe(request({ host: upstream, port: 4180, method: req.method, path: req.url, headers: { ...req.headers, host }, agent: false }, answer => {
        res.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(res);
      }).on('error', error => res.writeHead(502).end(String(error))));
    });
    this.fronts.push(server);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }
}
