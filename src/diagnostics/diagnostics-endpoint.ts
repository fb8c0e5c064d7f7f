import { createHash } from 'crypto';
import { Duration } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { noTokenVolume, probe, programContainer } from './containers';
import { PathRule } from './diagnostics-path';
import { DiagnosticsPreset } from './diagnostics-preset';
import { DiagnosticsProxy } from './diagnostics-proxy';
import { DiagnosticsRoute } from './diagnostics-route';
import { CONTRACT_PATHS, DOOR_PORT, OVERVIEW_LABEL, OVERVIEW_PORT, pageLabels, PROXY_PORT, TOKEN_DIRECTORY, TOKEN_KEY, tokenSecret } from './ports';
import { addToPod, checkPod, workloadOf } from './workload';
import { ClusterBoundary } from '../model/cluster-boundary';
import { DOMAIN, REASON } from '../model/constants';
import { scriptLabels } from '../model/script-job';
import { readAsset } from '../private/assets';
import { byCodeUnit } from '../private/canonical';
import { allOrNothing, declareObject, Manifest } from '../private/declare';
import { reject } from '../private/errors';
import { cidr, each, objectName, pinnedImage, port as checkPort, reason as checkReason, seconds } from '../private/validate';

const APP = 'diagnostics';
const VOLUME = 'diagnostics-relay';
const TOKEN_VOLUME = 'diagnostics-token';
const LOOPBACK = ['127.0.0.1', '::1'];

/** A path that hands out secrets or changes the application, and why it is passed on nevertheless. */
export interface DangerousDiagnostics {
  /** One of the dangerous paths of the presets. */
  readonly path: string;
  /** Why: kept as an annotation. */
  readonly reason: string;
}

/** The diagnostics of a workload, and who may read them. */
export interface DiagnosticsEndpointProps {
  /**
   * A Deployment, StatefulSet or DaemonSet, of cdk8s-plus or as an ApiObject. Its containers and its namespace have to be there.
   */
  readonly workload: IConstruct;
  /** Port of the diagnostics, which a container declares, and listens on at a loopback address alone. */
  readonly port: number;
  /** What may be asked. */
  readonly presets: DiagnosticsPreset[];
  /** Who finds out who asks. */
  readonly proxy: DiagnosticsProxy;
  /** How people reach the proxy. */
  readonly route: DiagnosticsRoute;
  /**
   * Ports of the application that everybody may still reach: a NetworkPolicy that selects a pod closes all that no policy names.
   * An empty list where other policies, such as DefaultDenyNetwork, say who reaches them.
   */
  readonly openPorts: number[];
  /**
   * Dangerous paths that are passed on.
   *
   * @default - none
   */
  readonly dangerous?: DangerousDiagnostics[];
  /**
   * Name of the DiagnosticsService of the namespace, which then shows these pods. It needs DiagnosticsPreset.contract().
   *
   * @default - not shown
   */
  readonly overview?: string;
  /**
   * Loopback address that the application listens on: `127.0.0.1` or `::1`.
   *
   * @default 127.0.0.1
   */
  readonly address?: string;
  /**
   * Requests that a pod passes on in a minute, 1 to 600, of all people together.
   *
   * @default 60
   */
  readonly requestsPerMinute?: number;
  /**
   * How long the application may take for an answer: 1 second to 5 minutes, in whole seconds.
   *
   * @default Duration.seconds(45)
   */
  readonly timeout?: Duration;
  /**
   * The largest answer in MiB, 1 to 4096. What is larger breaks off.
   *
   * @default 64
   */
  readonly maxAnswerMebibytes?: number;
  /**
   * CIDR blocks of the identity provider, for a namespace that denies egress by default: the pods may then reach their port 443. It
   * is a NetworkPolicy for egress, which elsewhere would cut the pods off from all else.
   *
   * @default - no policy for egress
   */
  readonly issuerCidrs?: string[];
  /**
   * Name of what is made beside the workload.
   *
   * @default - that of the workload with `-diagnostics`
   */
  readonly name?: string;
  /**
   * An image with `node` 20 or newer, for the relay.
   *
   * @default - as in DebugContainerCleanup.DEFAULT_IMAGE
   */
  readonly image?: string;
}

/**
 * An authenticated door to the diagnostics of an application that listen on loopback: beside it in the pod stand a proxy that finds
 * out who asks, and a relay that passes on the declared paths alone, at a bounded rate, in bounded time and size. Neither has a
 * right on the Kubernetes API, nor has whoever is let in.
 *
 * A proxy whose identity provider is down does not make the application unready.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export class DiagnosticsEndpoint extends Construct {
  /** Name of the Service, the route, the ConfigMap and the NetworkPolicy. */
  public readonly name: string;
  /** The namespace of the workload. */
  public readonly namespace: string;
  /** What may be asked, sorted. */
  public readonly paths: string[];
  /** Where people open it. */
  public readonly url: string;

  /**
   * @throws on a workload without namespace or containers, a port that no container declares, an address that is not loopback, a
   * dangerous path without a reason, probes of the diagnostics port, malformed names, ports, blocks and limits
   */
  public constructor(scope: Construct, id: string, props: DiagnosticsEndpointProps) {
    super(scope, id);
    const where = 'DiagnosticsEndpoint';
    const checked = allOrNothing(this, where, () => {
      const all = check(where, props);
      this.declare(where, props, all);
      return all;
    });
    this.name = checked.name;
    this.namespace = checked.workload.namespace;
    this.paths = checked.config.paths.map(rule => rule.path);
    this.url = `https://${props.route.host}/`;
  }

  private declare(where: string, { proxy, route, openPorts, dangerous, image }: DiagnosticsEndpointProps, checked: Checked): void {
    const { workload, name, config, page, issuerCidrs } = checked;
    const { namespace, podLabels } = workload;
    const metadata = { name, namespace, labels: scriptLabels({ app: APP, name }) };
    const boundary = ClusterBoundary.of(this);
    const emit = (childId: string, manifest: Manifest) => declareObject(this, childId, where, boundary, manifest);
    const reasons = (dangerous ?? []).map(({ path, reason }) => `${path}: ${reason}`).sort(byCodeUnit);

    const data = {
      'config.json': `${JSON.stringify(config, undefined, 2)}\n`,
      'http.js': readAsset('diagnostics/http.js'),
      'relay.js': readAsset('diagnostics/relay.js'),
    };
    emit('config', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata, annotations: { [`${DOMAIN}/authentication`]: proxy.authentication, ...reasons.length && { [REASON]: reasons.join('\n') } } },
      data,
    });
    emit('service', {
      apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: podLabels, ports: [{ name: 'http', port: PROXY_PORT, targetPort: PROXY_PORT, protocol: 'TCP' }] },
    });
    emit('route', route._emit(metadata, name));
    emit('network-policy', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { ...metadata, annotations: { [REASON]: 'In: people by the route to the proxy, the page of the namespace to the relay, and the ports that stay open. The diagnostics port is in no list.' } },
      spec: {
        podSelector: { matchLabels: podLabels },
        policyTypes: ['Ingress'],
        ingress: [
          { from: [route._peer], ports: [{ port: PROXY_PORT, protocol: 'TCP' }] },
          ...page ? [{ from: [{ podSelector: { matchLabels: pageLabels(page) } }], ports: [{ port: OVERVIEW_PORT, protocol: 'TCP' }] }] : [],
          ...openPorts.length ? [{ ports: [...openPorts].sort((a, b) => a - b).map(open => ({ port: open, protocol: 'TCP' })) }] : [],
        ],
      },
    });
    if (issuerCidrs) {
      emit('network-policy-issuer', {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { ...metadata, name: `${name}-issuer`, annotations: { [REASON]: 'The proxy asks the identity provider who somebody is.' } },
        spec: {
          podSelector: { matchLabels: podLabels },
          policyTypes: ['Egress'],
          egress: [{ to: issuerCidrs.map(block => ({ ipBlock: { cidr: block } })), ports: [{ port: 443, protocol: 'TCP' }] }],
        },
      });
    }

    const door = proxy._emit({ host: route.host, timeoutSeconds: config.timeoutSeconds });
    addToPod(workload, {
      labels: page ? { [OVERVIEW_LABEL]: page } : {},
      // A pod reads its configuration when it starts, so another configuration is another pod.
      annotations: { [`${DOMAIN}/diagnostics-config`]: createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16) },
      containers: [
        programContainer({
          name: 'diagnostics-relay',
          image,
          program: 'relay.js',
          volume: VOLUME,
          ...page && {
            token: TOKEN_VOLUME,
            ports: [{ name: 'diag-overview', containerPort: OVERVIEW_PORT, protocol: 'TCP' }],
            probes: { livenessProbe: probe('/healthz', OVERVIEW_PORT) },
          },
        }),
        door.container,
      ],
      volumes: [
        { name: VOLUME, configMap: { name } },
        // Without the token the page shows nothing of these pods; the application runs.
        ...page ? [{ name: TOKEN_VOLUME, secret: { secretName: tokenSecret(page), optional: true } }] : [],
        ...door.volumes,
        noTokenVolume,
      ],
    });
  }
}

type Checked = ReturnType<typeof check>;

function check(where: string, props: DiagnosticsEndpointProps) {
  const refuse = (field: string, value: unknown, problem: string, fix: string) => reject({ where, field, value, problem, fix });
  if (!(props.proxy instanceof DiagnosticsProxy)) refuse('proxy', props.proxy, 'is no DiagnosticsProxy', 'use DiagnosticsProxy.oauth2Proxy(…)');
  if (!(props.route instanceof DiagnosticsRoute)) refuse('route', props.route, 'is no DiagnosticsRoute', 'use DiagnosticsRoute.ingress(…) or DiagnosticsRoute.gateway(…)');
  const port = checkPort(where, 'port', props.port);
  const address = props.address ?? LOOPBACK[0];
  if (!LOOPBACK.includes(address)) {
    refuse('address', address, 'is not a loopback address: other pods would reach the diagnostics past the door', `let the application listen on ${LOOPBACK.join(' or ')}`);
  }
  const paths = rulesOf(where, props);
  const page = props.overview === undefined ? undefined : objectName(where, 'overview', props.overview);
  if (page && !CONTRACT_PATHS.every(path => paths.some(rule => rule.path === path))) {
    refuse('overview', page, 'needs what the page shows', 'add DiagnosticsPreset.contract() to presets');
  }
  if (!Array.isArray(props.openPorts)) {
    refuse('openPorts', props.openPorts, 'is missing: a NetworkPolicy closes every port that no policy names', 'list the ports of the application, or give [] where other policies say who reaches them');
  }
  props.openPorts.forEach((open, i) => {
    checkPort(where, `openPorts[${i}]`, open);
    if ([port, PROXY_PORT, DOOR_PORT, OVERVIEW_PORT].includes(open)) refuse(`openPorts[${i}]`, open, 'would open the diagnostics to everybody', 'list ports that serve customers');
    if (props.openPorts.indexOf(open) !== i) refuse(`openPorts[${i}]`, open, 'is listed twice', 'remove one of the two');
  });
  const within = (field: 'requestsPerMinute' | 'maxAnswerMebibytes', value: number, most: number) => {
    if (!Number.isInteger(value) || value < 1 || value > most) refuse(field, value, 'is out of bounds', `give a whole number from 1 to ${most}`);
    return value;
  };
  const workload = workloadOf(where, props.workload);
  checkPod(where, workload, port, [PROXY_PORT, DOOR_PORT, OVERVIEW_PORT]);
  if (props.image !== undefined) pinnedImage(where, 'image', props.image);
  return {
    workload,
    page,
    name: objectName(where, 'name', props.name ?? `${workload.name}-diagnostics`),
    issuerCidrs: props.issuerCidrs && [...each(where, 'issuerCidrs', props.issuerCidrs, 'CIDR block', (field, value) => cidr(where, field, value))].sort(byCodeUnit),
    config: {
      address,
      atOnce: 4,
      doorPort: DOOR_PORT,
      maxBytes: within('maxAnswerMebibytes', props.maxAnswerMebibytes ?? 64, 4096) * 1024 * 1024,
      ...page && { overview: { paths: CONTRACT_PATHS, port: OVERVIEW_PORT, tokenFile: `${TOKEN_DIRECTORY}/${TOKEN_KEY}` } },
      paths: paths.map(({ path, method, query }) => ({ path, ...method && { method }, ...query && { query } })),
      perMinute: within('requestsPerMinute', props.requestsPerMinute ?? 60, 600),
      port,
      timeoutSeconds: seconds(where, 'timeout', props.timeout ?? Duration.seconds(45), 1, 300),
    },
  };
}

/** What may be asked: everything of the presets that is not dangerous, and of the dangerous what is named with a reason. */
function rulesOf(where: string, { presets, dangerous = [] }: DiagnosticsEndpointProps): PathRule[] {
  if (!Array.isArray(presets) || presets.length === 0) reject({ where, field: 'presets', value: presets, problem: 'is empty', fix: 'name what may be asked, e.g. [DiagnosticsPreset.contract()]' });
  const known = new Map<string, PathRule>();
  presets.forEach((preset, i) => {
    if (!(preset instanceof DiagnosticsPreset)) reject({ where, field: `presets[${i}]`, value: preset, problem: 'is no DiagnosticsPreset', fix: 'use one of its functions, e.g. DiagnosticsPreset.goPprof()' });
    for (const rule of preset._rules) {
      if (known.has(rule.path)) reject({ where, field: `presets[${i}]`, value: rule.path, problem: 'is in another preset too', fix: 'leave one of the two out' });
      known.set(rule.path, rule);
    }
  });
  const wanted = new Set<string>();
  dangerous.forEach(({ path, reason }, i) => {
    const rule = known.get(path);
    if (!rule) {
      const offered = [...known.values()].filter(({ danger }) => danger).map(offer => offer.path);
      reject({ where, field: `dangerous[${i}].path`, value: path, problem: 'is in none of the presets', fix: offered.length ? `name one of ${offered.join(', ')}` : 'leave it out: these presets have no dangerous path' });
    }
    if (!rule.danger) reject({ where, field: `dangerous[${i}].path`, value: path, problem: 'is not dangerous', fix: 'leave it out: it is passed on anyway' });
    if (wanted.has(path)) reject({ where, field: `dangerous[${i}].path`, value: path, problem: 'is listed twice', fix: 'remove one of the two' });
    if (!reason) reject({ where, field: `dangerous[${i}].reason`, value: reason, problem: `is missing: ${path} ${rule.danger}`, fix: 'say why it is needed, or leave the path out' });
    checkReason(where, `dangerous[${i}].reason`, reason);
    wanted.add(path);
  });
  return [...known.values()].filter(rule => !rule.danger || wanted.has(rule.path)).sort((a, b) => byCodeUnit(a.path, b.path));
}
