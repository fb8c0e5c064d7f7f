import { createHash } from 'crypto';
import { Construct } from 'constructs';
import { noTokenVolume, probe, programContainer } from './containers';
import { DiagnosticsProxy } from './diagnostics-proxy';
import { DiagnosticsRoute } from './diagnostics-route';
import { DOOR_PORT, HEALTH_PORT, OVERVIEW_LABEL, OVERVIEW_PORT, pageLabels, PROXY_PORT, TOKEN_DIRECTORY, TOKEN_KEY, tokenSecret } from './ports';
import { ClusterBoundary } from '../model/cluster-boundary';
import { DOMAIN, REASON } from '../model/constants';
import { scriptLabels } from '../model/script-job';
import { readAsset } from '../private/assets';
import { byCodeUnit } from '../private/canonical';
import { allOrNothing, declareObject, Manifest } from '../private/declare';
import { reject } from '../private/errors';
import { cidr, dnsSubdomain, each, namespaceName, objectName, pinnedImage } from '../private/validate';

const APP = 'diagnostics-service';
const VOLUME = 'diagnostics-page';
const TOKEN_VOLUME = 'diagnostics-token';
/** For both of a rolling update, and for a node that is drained. */
const REPLICAS = 2;

/** A page of a namespace, and who may read it. */
export interface DiagnosticsServiceProps {
  /** The namespace whose pods are shown, and that the page runs in. */
  readonly namespace: string;
  /** Who finds out who asks. */
  readonly proxy: DiagnosticsProxy;
  /** How people reach the proxy. */
  readonly route: DiagnosticsRoute;
  /**
   * Its name, by which a DiagnosticsEndpoint joins it: at most 40 characters. The Secret NAME-token has to be made, with a random
   * `token` of 16 characters or more. Kubernetes tells every container of the namespace about a Service by variables such as
   * `DIAGNOSTICS_OVERVIEW_PORT`, so it must not be what an application reads.
   *
   * @default diagnostics-overview
   */
  readonly name?: string;
  /**
   * CIDR blocks of the identity provider, whose port 443 the proxy may reach.
   *
   * @default - any address, since the library cannot know them
   */
  readonly issuerCidrs?: string[];
  /**
   * Domain of the cluster.
   *
   * @default - as in the resolv.conf that the pod gets
   */
  readonly clusterDomain?: string;
  /**
   * An image with `node` 20 or newer.
   *
   * @default - as in DebugContainerCleanup.DEFAULT_IMAGE
   */
  readonly image?: string;
  /**
   * Whether `kube-…`, `openshift-…` and `default` may be named.
   *
   * @default false
   */
  readonly allowSystemNamespaces?: boolean;
}

/**
 * One page for the pods of a namespace, for whoever is on call: build, uptime, health, recent errors and configuration of each, the
 * worst first, as HTML for a phone and as JSON (`/overview.json`). It finds the pods by the DNS of a headless Service and asks
 * their relays, so it has no right on the Kubernetes API; a pod that hangs or floods costs its own line at most.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/service/#headless-services
 */
export class DiagnosticsService extends Construct {
  /** Its name. */
  public readonly name: string;
  /** The namespace whose pods are shown. */
  public readonly namespace: string;
  /** Name of the Secret that has to be made, with `token`. */
  public readonly tokenSecretName: string;
  /** Where people open it. */
  public readonly url: string;

  /** @throws on malformed names and blocks, system namespaces, and an image that is not pinned */
  public constructor(scope: Construct, id: string, props: DiagnosticsServiceProps) {
    super(scope, id);
    const where = 'DiagnosticsService';
    this.name = props.name ?? 'diagnostics-overview';
    this.namespace = props.namespace;
    this.tokenSecretName = tokenSecret(this.name);
    allOrNothing(this, where, () => this.declare(where, props));
    this.url = `https://${props.route.host}/`;
  }

  private declare(where: string, props: DiagnosticsServiceProps): void {
    const { proxy, route, image } = props;
    if (!(proxy instanceof DiagnosticsProxy)) reject({ where, field: 'proxy', value: proxy, problem: 'is no DiagnosticsProxy', fix: 'use DiagnosticsProxy.oauth2Proxy(…)' });
    if (!(route instanceof DiagnosticsRoute)) reject({ where, field: 'route', value: route, problem: 'is no DiagnosticsRoute', fix: 'use DiagnosticsRoute.ingress(…) or DiagnosticsRoute.gateway(…)' });
    const namespace = namespaceName(where, 'namespace', props.namespace, props.allowSystemNamespaces);
    const name = objectName(where, 'name', this.name);
    if (name.length > 40) reject({ where, field: 'name', value: name, problem: `is ${name.length} characters long, the limit is 40`, fix: 'shorten it' });
    if (image !== undefined) pinnedImage(where, 'image', image);
    const blocks = props.issuerCidrs && [...each(where, 'issuerCidrs', props.issuerCidrs, 'CIDR block', (field, value) => cidr(where, field, value))].sort(byCodeUnit);
    const clusterDomain = props.clusterDomain === undefined ? undefined : dnsSubdomain(where, 'clusterDomain', props.clusterDomain, 'a domain such as "cluster.local"');

    const selector = pageLabels(name);
    const metadata = { name, namespace, labels: scriptLabels({ app: APP, name }) };
    const pods = `${name}-pods`;
    const boundary = ClusterBoundary.of(this);
    const emit = (childId: string, manifest: Manifest) => declareObject(this, childId, where, boundary, manifest);

    const config = {
      ...clusterDomain && { clusterDomain },
      healthPort: HEALTH_PORT,
      namespace,
      port: DOOR_PORT,
      relayPort: OVERVIEW_PORT,
      service: pods,
      tokenFile: `${TOKEN_DIRECTORY}/${TOKEN_KEY}`,
    };
    const data = {
      'config.json': `${JSON.stringify(config, undefined, 2)}\n`,
      ...Object.fromEntries(['http.js', 'overview.js', 'page.js'].map(file => [file, readAsset(`diagnostics/${file}`)])),
    };
    const door = proxy._emit({ host: route.host, timeoutSeconds: 30 });
    emit('service-account', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
    emit('config', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, annotations: { [`${DOMAIN}/authentication`]: proxy.authentication } }, data });
    emit('deployment', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: REPLICAS,
        revisionHistoryLimit: 3,
        selector: { matchLabels: selector },
        template: {
          metadata: {
            labels: scriptLabels({ app: APP, name }),
            annotations: { [`${DOMAIN}/diagnostics-config`]: createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16) },
          },
          spec: {
            affinity: {
              podAntiAffinity: {
                preferredDuringSchedulingIgnoredDuringExecution: [
                  { weight: 100, podAffinityTerm: { labelSelector: { matchLabels: selector }, topologyKey: 'kubernetes.io/hostname' } },
                ],
              },
            },
            automountServiceAccountToken: false,
            containers: [
              programContainer({
                name: 'diagnostics-page',
                image,
                program: 'overview.js',
                volume: VOLUME,
                token: TOKEN_VOLUME,
                ports: [{ name: 'diag-health', containerPort: HEALTH_PORT, protocol: 'TCP' }],
                probes: { livenessProbe: probe('/healthz', HEALTH_PORT), readinessProbe: { ...probe('/readyz', HEALTH_PORT), failureThreshold: 3 } },
              }),
              door.container,
            ],
            enableServiceLinks: false,
            nodeSelector: { 'kubernetes.io/os': 'linux' },
            securityContext: { runAsGroup: 65532, runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
            serviceAccountName: name,
            volumes: [
              { name: VOLUME, configMap: { name } },
              { name: TOKEN_VOLUME, secret: { secretName: tokenSecret(name) } },
              ...door.volumes,
              noTokenVolume,
            ],
          },
        },
      },
    });
    emit('budget', {
      apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
    });
    emit('service', {
      apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports: [{ name: 'http', port: PROXY_PORT, targetPort: PROXY_PORT, protocol: 'TCP' }] },
    });
    emit('pods', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, name: pods },
      spec: {
        clusterIP: 'None',
        ports: [{ name: 'diagnostics', port: OVERVIEW_PORT, targetPort: OVERVIEW_PORT, protocol: 'TCP' }],
        // Those that are not ready are the ones that somebody looks for.
        publishNotReadyAddresses: true,
        selector: { [OVERVIEW_LABEL]: name },
      },
    });
    emit('route', route._emit(metadata, name));
    emit('network-policy', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { ...metadata, annotations: { [REASON]: 'In: people by the route. Out: DNS, the relays of the pods that are shown, and the identity provider.' } },
      spec: {
        podSelector: { matchLabels: selector },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [route._peer], ports: [{ port: PROXY_PORT, protocol: 'TCP' }] }],
        egress: [
          {
            to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } }, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
            ports: [{ port: 53, protocol: 'UDP' }, { port: 53, protocol: 'TCP' }],
          },
          { to: [{ podSelector: { matchLabels: { [OVERVIEW_LABEL]: name } } }], ports: [{ port: OVERVIEW_PORT, protocol: 'TCP' }] },
          { ...blocks && { to: blocks.map(block => ({ ipBlock: { cidr: block } })) }, ports: [{ port: 443, protocol: 'TCP' }] },
        ],
      },
    });
  }
}
