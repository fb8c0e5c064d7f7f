import { PROXY_PORT } from './ports';
import { byCodeUnit } from '../private/canonical';
import type { Manifest } from '../private/declare';
import { reject } from '../private/errors';
import { dnsLabel, dnsSubdomain, labelKey, labelValue } from '../private/validate';

/** A route by an Ingress. */
export interface IngressRouteProps {
  /** Name that people type, and that the certificate is for: one of its own, so that its cookies reach nothing else. */
  readonly host: string;
  /** The IngressClass. */
  readonly className: string;
  /** Name of the Secret with the certificate of the host, in the same namespace. */
  readonly tlsSecretName: string;
  /** Namespace of the pods of the ingress controller, from where requests come. */
  readonly controllerNamespace: string;
  /**
   * Labels of those pods.
   *
   * @default - every pod of that namespace
   */
  readonly controllerLabels?: { [key: string]: string };
  /**
   * Annotations for the controller, such as its own rate limits.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };
}

/** A route by the Gateway API. */
export interface GatewayRouteProps {
  /** Name that people type: one of its own, so that its cookies reach nothing else. */
  readonly host: string;
  /** Name of the Gateway. */
  readonly gatewayName: string;
  /** Namespace of the Gateway. */
  readonly gatewayNamespace: string;
  /** Its listener, which has to be of HTTPS: one of HTTP would be taken too if none were named. */
  readonly sectionName: string;
  /** Namespace of the pods of the data plane, from where requests come. */
  readonly controllerNamespace: string;
  /**
   * Labels of those pods.
   *
   * @default - every pod of that namespace
   */
  readonly controllerLabels?: { [key: string]: string };
}

/** How people reach the proxy: by HTTPS, which ends where they come into the cluster. */
export class DiagnosticsRoute {
  /**
   * By an Ingress.
   *
   * @throws on malformed names, labels and annotations
   * @see https://kubernetes.io/docs/concepts/services-networking/ingress/#tls
   */
  public static ingress(props: IngressRouteProps): DiagnosticsRoute {
    const where = 'DiagnosticsRoute.ingress';
    const host = hostName(where, props.host);
    const ingressClassName = dnsSubdomain(where, 'className', props.className, 'the name of an IngressClass');
    const secretName = dnsSubdomain(where, 'tlsSecretName', props.tlsSecretName, 'the name of a Secret such as "ledger-tls"');
    const annotations = Object.fromEntries(Object.entries(props.annotations ?? {}).sort(([a], [b]) => byCodeUnit(a, b)).map(([key, value]) => {
      labelKey(where, 'annotations', key);
      if (typeof value !== 'string') reject({ where, field: `annotations["${key}"]`, value, problem: 'is not text', fix: 'write it as text' });
      return [key, value];
    }));
    return new DiagnosticsRoute(host, peerOf(where, props.controllerNamespace, props.controllerLabels), (metadata, service) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { ...metadata, ...Object.keys(annotations).length > 0 && { annotations } },
      spec: {
        ingressClassName,
        rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: service, port: { number: PROXY_PORT } } } }] } }],
        tls: [{ hosts: [host], secretName }],
      },
    }));
  }

  /**
   * By an HTTPRoute of the Gateway API.
   *
   * @throws on malformed names and labels
   * @see https://gateway-api.sigs.k8s.io/api-types/httproute/
   */
  public static gateway(props: GatewayRouteProps): DiagnosticsRoute {
    const where = 'DiagnosticsRoute.gateway';
    const host = hostName(where, props.host);
    const parent = {
      name: dnsSubdomain(where, 'gatewayName', props.gatewayName, 'the name of a Gateway'),
      namespace: dnsLabel(where, 'gatewayNamespace', props.gatewayNamespace, 'a namespace name such as "edge"'),
      sectionName: dnsSubdomain(where, 'sectionName', props.sectionName, 'the name of a listener of the Gateway such as "https"'),
    };
    return new DiagnosticsRoute(host, peerOf(where, props.controllerNamespace, props.controllerLabels), (metadata, service) => ({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata,
      spec: { hostnames: [host], parentRefs: [parent], rules: [{ backendRefs: [{ name: service, port: PROXY_PORT }] }] },
    }));
  }

  /** The name that people type. */
  public readonly host: string;
  /**
   * Where requests come from, as in a NetworkPolicy.
   *
   * @internal
   */
  public readonly _peer: object;
  private readonly made: (metadata: Manifest['metadata'], service: string) => Manifest;

  private constructor(host: string, peer: object, made: DiagnosticsRoute['made']) {
    this.host = host;
    this._peer = peer;
    this.made = made;
  }

  /** @internal */
  public _emit(metadata: Manifest['metadata'], service: string): Manifest {
    return this.made(metadata, service);
  }
}

function hostName(where: string, host: string): string {
  dnsSubdomain(where, 'host', host, 'a host such as "ledger.diagnostics.example.com"');
  if (!host.includes('.')) reject({ where, field: 'host', value: host, problem: 'is not a full name', fix: 'write one such as "ledger.diagnostics.example.com"' });
  return host;
}

function peerOf(where: string, namespace: string, labels: { [key: string]: string } | undefined): object {
  dnsLabel(where, 'controllerNamespace', namespace, 'the namespace of the pods from where requests come');
  const entries = Object.entries(labels ?? {}).sort(([a], [b]) => byCodeUnit(a, b));
  if (labels && entries.length === 0) {
    reject({ where, field: 'controllerLabels', value: labels, problem: 'is empty, which selects everything', fix: 'leave it out if every pod of the namespace is meant' });
  }
  entries.forEach(([key, value]) => {
    labelKey(where, 'controllerLabels', key);
    labelValue(where, `controllerLabels["${key}"]`, value);
  });
  return {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    ...entries.length > 0 && { podSelector: { matchLabels: Object.fromEntries(entries) } },
  };
}
