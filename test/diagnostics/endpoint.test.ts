import { ApiObject, App, Chart, Duration, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { INGRESS, LOGIN } from './ledger';
import {
  CustomProxyProps, DiagnosticsEndpoint, DiagnosticsEndpointProps, DiagnosticsPreset, DiagnosticsProxy, DiagnosticsRoute, DiagnosticsService,
  DiagnosticsServiceProps, OAuth2ProxyProps,
} from '../../src';

const proxy = DiagnosticsProxy.oauth2Proxy(LOGIN);
const route = DiagnosticsRoute.ingress(INGRESS);

let chart: Chart;
beforeEach(() => { chart = new Chart(new App(), 'payments', { namespace: 'payments' }); });

const POD = { containers: [{ name: 'app', image: 'ledger:1', ports: [{ containerPort: 8080 }, { name: 'debug', containerPort: 6060 }] }] };
function workload(pod: object = {}, more: any = {}, kind = 'Deployment', id = 'ledger'): ApiObject {
  return new ApiObject(chart, id, {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'ledger' },
    spec: { selector: { matchLabels: { app: 'ledger' } }, template: { metadata: { labels: { app: 'ledger' } }, spec: { ...POD, ...pod } }, ...more },
  });
}

const endpoint = (props: Partial<DiagnosticsEndpointProps> = {}) => new DiagnosticsEndpoint(chart, 'door', {
  workload: props.workload ?? workload(), port: 6060, presets: [DiagnosticsPreset.contract()], proxy, route, openPorts: [8080], ...props,
});
const emitted = (kind: string, name?: string): any => Testing.synth(chart)
  .find(object => object.kind === kind && (!name || object.metadata.name === name));
const podOf = (kind = 'Deployment', name = 'ledger') => emitted(kind, name).spec.template;
const configOf = () => JSON.parse(emitted('ConfigMap', 'ledger-diagnostics').data['config.json']);

it.each(['Deployment', 'StatefulSet', 'DaemonSet'])('puts a relay and a proxy beside the containers of a %s', kind => {
  endpoint({ workload: workload({}, {}, kind) });
  const { spec } = podOf(kind);
  expect(spec.containers.map((c: any) => c.name)).toEqual(['app', 'diagnostics-relay', 'diagnostics-proxy']);
  expect(spec.volumes.map((v: any) => v.name)).toEqual(['diagnostics-relay', 'diagnostics-credentials', 'diagnostics-no-token']);
});

it.each([
  ['Deployment', (props: any) => new kplus.Deployment(chart, 'w', props)],
  ['StatefulSet', (props: any) => new kplus.StatefulSet(chart, 'w', { ...props, service: new kplus.Service(chart, 's', { ports: [{ port: 80 }] }) })],
  ['DaemonSet', (props: any) => new kplus.DaemonSet(chart, 'w', props)],
])('does so for a %s of cdk8s-plus, and keeps what is added later', (kind, make) => {
  const plus = make({ metadata: { name: 'ledger' }, containers: [{ image: 'ledger:1', ports: [{ number: 8080, name: 'http' }, { number: 6060, name: 'debug' }] }] });
  endpoint({ workload: plus });
  plus.addContainer({ image: 'later:1', name: 'later', ports: [{ number: 9000 }] });
  plus.addVolume(kplus.Volume.fromEmptyDir(chart, 'scratch', 'scratch'));
  plus.podMetadata.addAnnotation('later', 'yes');
  const { spec, metadata } = podOf(kind);
  expect(spec.containers.map((c: any) => c.name)).toEqual(['main', 'later', 'diagnostics-relay', 'diagnostics-proxy']);
  expect(spec.volumes.map((v: any) => v.name)).toEqual(['scratch', 'diagnostics-relay', 'diagnostics-credentials', 'diagnostics-no-token']);
  expect(metadata.annotations).toMatchObject({ 'later': 'yes', 'secure-debug.internal/diagnostics-config': expect.any(String) });
  expect(emitted('Service', 'ledger-diagnostics').spec.selector).toEqual(emitted(kind).spec.selector.matchLabels);
});

it('gives neither of them a token of the Kubernetes API, nor a right that Pod Security "restricted" forbids', () => {
  endpoint();
  for (const container of podOf().spec.containers.slice(1)) {
    expect(container.volumeMounts).toContainEqual({ name: 'diagnostics-no-token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true });
    expect(container.securityContext).toMatchObject({
      allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' },
    });
    // The identity provider may be down, and the application works.
    expect(container.readinessProbe).toBeUndefined();
  }
  expect(Testing.synth(chart).filter(({ kind }) => /Role|ServiceAccount/.test(kind))).toEqual([]);
});

it('lets in the proxy\'s port from the route, and the ports that stay open, and not the diagnostics', () => {
  endpoint();
  expect(emitted('NetworkPolicy').spec).toEqual({
    podSelector: { matchLabels: { app: 'ledger' } },
    policyTypes: ['Ingress'],
    ingress: [
      { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } } }], ports: [{ port: 4180, protocol: 'TCP' }] },
      { ports: [{ port: 8080, protocol: 'TCP' }] },
    ],
  });
});

it('joins the page of the namespace', () => {
  const page = new DiagnosticsService(chart, 'page', { namespace: 'payments', proxy, route: DiagnosticsRoute.ingress({ ...INGRESS, host: 'page.example.com' }) });
  endpoint({ overview: page.name });
  expect(podOf().metadata.labels).toEqual({ app: 'ledger', ...emitted('Service', 'diagnostics-overview-pods').spec.selector });
  expect(emitted('Service', 'diagnostics-overview-pods').spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
  expect(podOf().spec.volumes[1]).toEqual({ name: 'diagnostics-token', secret: { secretName: page.tokenSecretName, optional: true } });
  expect(emitted('NetworkPolicy', 'ledger-diagnostics').spec.ingress[1]).toEqual({
    from: [{ podSelector: { matchLabels: emitted('Deployment', 'diagnostics-overview').spec.selector.matchLabels } }], ports: [{ port: 4182, protocol: 'TCP' }],
  });
  expect(emitted('NetworkPolicy', 'diagnostics-overview').spec.egress.map((rule: any) => rule.ports.map((p: any) => p.port))).toEqual([[53, 53], [4182], [443]]);
  expect(configOf().overview).toMatchObject({ paths: ['/debug/info', '/debug/health', '/debug/errors'], port: 4182 });
  expect(page.url).toBe('https://page.example.com/');
});

it('passes on what only reads, and of the dangerous what is named with a reason', () => {
  const door = endpoint({ presets: [DiagnosticsPreset.actuator()], dangerous: [{ path: '/actuator/shutdown', reason: 'the pod cannot be deleted by on call' }] });
  expect(door.paths).toContain('/actuator/health');
  expect(door.paths).not.toContain('/actuator/heapdump');
  expect(configOf().paths.find((p: any) => p.path === '/actuator/shutdown')).toEqual({ path: '/actuator/shutdown', method: 'POST' });
  expect(emitted('ConfigMap').metadata.annotations['secure-debug.internal/reason']).toBe('/actuator/shutdown: the pod cannot be deleted by on call');
});

it.each([
  [DiagnosticsPreset.contract(), 3, []],
  [DiagnosticsPreset.goPprof(), 9, ['/debug/pprof/cmdline']],
  [DiagnosticsPreset.prometheus(), 1, []],
  [DiagnosticsPreset.node(), 1, ['/debug/heap-snapshot']],
  [DiagnosticsPreset.actuator(), 12, ['/actuator/configprops', '/actuator/env', '/actuator/heapdump', '/actuator/httpexchanges', '/actuator/logfile', '/actuator/sessions', '/actuator/shutdown']],
  [DiagnosticsPreset.dotnetMonitor(), 5, ['/dump', '/gcdump', '/trace', '/logs', '/exceptions', '/process', '/env']],
])('the preset %#', (preset, reading, dangerous) => {
  expect([preset.paths.length, preset.dangerousPaths]).toEqual([reading, dangerous]);
  endpoint({ presets: [preset] });
  expect(configOf().paths.length).toBe(reading);
});

it('another configuration makes other pods', () => {
  const stamp = (props: Partial<DiagnosticsEndpointProps>) => {
    chart = new Chart(new App(), 'payments', { namespace: 'payments' });
    endpoint(props);
    return podOf().metadata.annotations['secure-debug.internal/diagnostics-config'];
  };
  expect(stamp({})).toBe(stamp({}));
  expect(stamp({})).not.toBe(stamp({ requestsPerMinute: 30 }));
});

it('takes another proxy, and says how that one finds out who asks', () => {
  endpoint({ proxy: DiagnosticsProxy.custom({ image: 'proxy:1', args: ['--x'], env: { B: '2', A: '1' }, secretName: 's', livenessPath: '/up', authentication: 'client certificates of the mesh' }) });
  expect(podOf().spec.containers[2]).toMatchObject({ image: 'proxy:1', args: ['--x'], env: [{ name: 'A', value: '1' }, { name: 'B', value: '2' }], livenessProbe: { httpGet: { path: '/up', port: 4180 } } });
  expect(emitted('ConfigMap').metadata.annotations['secure-debug.internal/authentication']).toBe('client certificates of the mesh');
});

it('is reached by the Gateway API too', () => {
  endpoint({ route: DiagnosticsRoute.gateway({ host: 'ledger.example.com', gatewayName: 'edge', gatewayNamespace: 'edge', sectionName: 'https', controllerNamespace: 'envoy', controllerLabels: { app: 'envoy' } }) });
  expect(emitted('HTTPRoute').spec).toEqual({
    hostnames: ['ledger.example.com'],
    parentRefs: [{ name: 'edge', namespace: 'edge', sectionName: 'https' }],
    rules: [{ backendRefs: [{ name: 'ledger-diagnostics', port: 4180 }] }],
  });
  expect(emitted('NetworkPolicy').spec.ingress[0].from).toEqual([{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'envoy' } }, podSelector: { matchLabels: { app: 'envoy' } } }]);
});

it('lets the proxy out to the identity provider where egress is denied', () => {
  endpoint({ issuerCidrs: ['203.0.113.0/24'] });
  expect(emitted('NetworkPolicy', 'ledger-diagnostics-issuer').spec).toMatchObject({ policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '203.0.113.0/24' } }], ports: [{ port: 443, protocol: 'TCP' }] }] });
});

describe('refuses', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['a public address', () => endpoint({ address: '0.0.0.0' }), /address = "0\.0\.0\.0" is not a loopback address.*Fix: let the application listen on 127\.0\.0\.1 or ::1/],
    ['localhost by name, which may be anything', () => endpoint({ address: 'localhost' }), /address = "localhost" is not a loopback/],
    ['a port that no container has', () => endpoint({ port: 6061 }), /port = 6061 is not a port of ledger \(its containers declare 8080, 6060\)/],
    ['port 0', () => endpoint({ port: 0 }), /port = 0 is not a port/],
    ['a workload without ports', () => endpoint({ workload: workload({ containers: [{ name: 'app' }] }) }), /declare none/],
    ['hostPort', () => endpoint({ workload: workload({ containers: [{ name: 'app', ports: [{ containerPort: 6060, hostPort: 6060 }] }] }) }), /hostPort/],
    ['the network of the node', () => endpoint({ workload: workload({ hostNetwork: true }) }), /network of the node/],
    ['a probe of the diagnostics port', () => endpoint({ workload: workload({ containers: [{ ...POD.containers[0], livenessProbe: { httpGet: { port: 6060 } } }] }) }), /livenessProbe/],
    ['a probe of it by name', () => endpoint({ workload: workload({ containers: [{ ...POD.containers[0], readinessProbe: { tcpSocket: { port: 'debug' } } }] }) }), /readinessProbe/],
    ['a port that the door needs', () => endpoint({ workload: workload({ containers: [{ name: 'app', ports: [{ containerPort: 6060 }, { containerPort: 4180 }] }] }) }), /uses port 4180/],
    ['a second door', () => { const once = workload(); endpoint({ workload: once }); new DiagnosticsEndpoint(chart, 'again', { workload: once, port: 6060, presets: [DiagnosticsPreset.prometheus()], proxy, route, openPorts: [], name: 'x' }); }, /has a door already/],
    ['a Job', () => endpoint({ workload: new ApiObject(chart, 'job', { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'job' } }) }), /workload = "batch\/v1 Job" is no workload/],
    ['what is no object', () => endpoint({ workload: chart }), /is no workload/],
    ['a workload without containers', () => endpoint({ workload: new ApiObject(chart, 'd', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template: {} } } as any) }), /has no container yet/],
    ['a workload without namespace', () => { chart = new Chart(new App(), 'c'); endpoint(); }, /has no namespace/],
    ['open diagnostics', () => endpoint({ openPorts: [6060] }), /openPorts\[0\] = 6060 would open the diagnostics/],
    ['an open relay', () => endpoint({ openPorts: [4181] }), /would open the diagnostics/],
    ['no word on open ports', () => endpoint({ openPorts: undefined as any }), /openPorts = undefined is missing/],
    ['no presets', () => endpoint({ presets: [] }), /presets = \[\] is empty/],
    ['one preset twice', () => endpoint({ presets: [DiagnosticsPreset.contract(), DiagnosticsPreset.contract()] }), /is in another preset too/],
    ['a dangerous path without a reason', () => endpoint({ presets: [DiagnosticsPreset.actuator()], dangerous: [{ path: '/actuator/heapdump', reason: '' }] }), /dangerous\[0\]\.reason = "" is missing: \/actuator\/heapdump contains what is in memory/],
    ['a dangerous path of blanks for a reason', () => endpoint({ presets: [DiagnosticsPreset.actuator()], dangerous: [{ path: '/actuator/env', reason: '  ' }] }), /reason = " {2}" is empty/],
    ['a dangerous path that is not there', () => endpoint({ dangerous: [{ path: '/actuator/env', reason: 'x' }] }), /in none of the presets/],
    ['what is not dangerous', () => endpoint({ dangerous: [{ path: '/debug/info', reason: 'x' }] }), /is not dangerous/],
    ['an overview without the contract', () => endpoint({ presets: [DiagnosticsPreset.prometheus()], overview: 'diagnostics-overview' }), /overview = "diagnostics-overview" needs what the page shows/],
    ['no end of requests', () => endpoint({ requestsPerMinute: 601 }), /requestsPerMinute = 601 is out of bounds/],
    ['no end of an answer', () => endpoint({ maxAnswerMebibytes: Infinity }), /maxAnswerMebibytes/],
    ['no end of time', () => endpoint({ timeout: Duration.hours(1) }), /timeout = "3600 s" is too long/],
    ['a floating image', () => endpoint({ image: 'node:latest' }), /:latest/],
    ['a bad block', () => endpoint({ issuerCidrs: ['login.example.com'] }), /CIDR/],
    ['no proxy', () => endpoint({ proxy: undefined as any }), /proxy = undefined is no DiagnosticsProxy/],
    ['no route', () => endpoint({ route: {} as any }), /is no DiagnosticsRoute/],
  ])('%s', (_, make, message) => expect(make).toThrow(message));

  it.each([
    ['/debug/../env', /part "\.\."/], ['..', /does not begin/], ['/debug/.', /part/], ['/debug/%2e%2e/env', /encoded/], ['/debug/*', /wildcard/], ['/debug?x=1', /query/], ['/debug#x', /fragment/],
    ['//debug', /plain path/], ['/debug/ü', /plain path/], ['/a b', /plain path/], ['/a;b', /plain path/], ['/a\\b', /plain path/], ['debug/info', /does not begin/], ['', /empty/], ['/oauth2/userinfo', /belongs to the proxy/],
    ['/ping', /belongs/], ['/', /belongs/], ['/debug/heapdump', /known to hand out/], ['/x/Shutdown', /known/], ['/env/', /known/],
  ])('the path %j', (path, message) => expect(() => DiagnosticsPreset.custom([path])).toThrow(message));

  it.each<[Partial<OAuth2ProxyProps>, RegExp]>([
    [{ issuerUrl: 'http://login.example.com' }, /issuerUrl.*not HTTPS/], [{ jwksUrl: '' }, /jwksUrl/], [{ groups: [] }, /groups = \[\] is empty/], [{ groups: ['*'] }, /wildcard/],
    [{ groups: ['a,admins'] }, /comma/], [{ groups: ['system:masters'] }, /system group/], [{ session: Duration.days(1) }, /too long/], [{ image: 'oauth2-proxy' }, /no tag/],
    [{ secretName: 'No' }, /secretName/], [{ issuerCaConfigMap: '' }, /issuerCaConfigMap/], [{ clientId: 'a\n--skip-auth-route=.*' }, /control/],
  ])('a login %j', (props, message) => expect(() => DiagnosticsProxy.oauth2Proxy({ ...LOGIN, ...props })).toThrow(message));

  it.each<[Partial<CustomProxyProps>, RegExp]>([
    [{ authentication: '' }, /authentication = "" is empty/], [{ image: 'x' }, /no tag/], [{ args: undefined }, /args/], [{ livenessPath: 'up' }, /not a path/],
  ])('a proxy of your own %j', (props, message) => expect(() => DiagnosticsProxy.custom({ image: 'p:1', authentication: 'x', args: [], ...props })).toThrow(message));

  it.each<[object, RegExp]>([
    [{ host: 'ledger' }, /not a full name/], [{ host: '*.example.com' }, /wildcard/], [{ tlsSecretName: '' }, /tlsSecretName/], [{ controllerNamespace: '' }, /controllerNamespace/], [{ controllerLabels: {} }, /selects everything/],
  ])('a route %j', (props, message) => expect(() => DiagnosticsRoute.ingress({ ...INGRESS, ...props })).toThrow(message));

  it.each<[Partial<DiagnosticsServiceProps>, RegExp]>([
    [{ namespace: 'kube-system' }, /system namespace/], [{ name: 'x'.repeat(41) }, /limit is 40/], [{ image: 'node' }, /no tag/], [{ issuerCidrs: [] }, /issuerCidrs/], [{ clusterDomain: 'a b' }, /clusterDomain/],
    [{ proxy: {} as any }, /DiagnosticsProxy/], [{ route: undefined as any }, /DiagnosticsRoute/],
  ])('a page %j', (props, message) => expect(() => new DiagnosticsService(chart, 'page', { namespace: 'payments', proxy, route, ...props })).toThrow(message));
});

it('synthesizes nothing after an error that was swallowed', () => {
  expect(() => endpoint({ address: '0.0.0.0' })).toThrow();
  expect(() => App.of(chart).synthYaml()).toThrow(/"payments\/door" was refused, so nothing is synthesized/);
});

it('takes paths of your own, and one that is dangerous with a reason', () => {
  const presets = [DiagnosticsPreset.custom(['/debug/queues']), DiagnosticsPreset.customDangerous('/debug/drain', true)];
  endpoint({ presets, dangerous: [{ path: '/debug/drain', reason: 'takes a pod out of the queue' }] });
  expect(configOf().paths).toEqual([{ path: '/debug/drain', method: 'POST' }, { path: '/debug/queues' }]);
});
