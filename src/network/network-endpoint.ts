import { Address, formatAddress, parseAddress } from './address';
import { NetworkPort } from './network-port';
import { portName } from './port-spec';
import { checkedLabels, formatSelector, Labels, NAMESPACE_NAME } from './selector';
import { reject } from '../private/errors';
import { dnsLabel } from '../private/validate';

const where = 'NetworkEndpoint';

/** What else is known of a pod whose reachability is asked about. */
export interface PodEndpointOptions {
  /**
   * Labels of its namespace. `kubernetes.io/metadata.name` is added: every namespace has it.
   *
   * @default - only kubernetes.io/metadata.name
   */
  readonly namespaceLabels?: { [key: string]: string };

  /**
   * Its named ports: what `containers[].ports[]` calls so.
   *
   * @default - none, so allows by port name do not reach it
   */
  readonly namedPorts?: { [name: string]: NetworkPort };

  /**
   * Its address, of the family of the connection. Only with it can allows by address block be judged.
   *
   * @default - unknown: no block contains it, and the verdict says which blocks were left open
   */
  readonly ip?: string;
}

/** One end of a connection that is asked about. */
export class NetworkEndpoint {
  /**
   * A pod, by what policies see of it. It does not share the network of its node (hostNetwork): such pods are the
   * node, for policies.
   *
   * @param namespace name of its namespace; system namespaces too
   * @param labels labels of the pod; may be empty
   * @throws on malformed names, labels and addresses, and on a named port that is no single number
   */
  public static pod(namespace: string, labels: { [key: string]: string }, options: PodEndpointOptions = {}): NetworkEndpoint {
    dnsLabel(where, 'namespace', namespace, 'a namespace name such as "payments"');
    const namespaceLabels = checkedLabels(where, 'namespaceLabels', options.namespaceLabels ?? {});
    if ((namespaceLabels[NAMESPACE_NAME] ?? namespace) !== namespace) {
      reject({ where, field: `namespaceLabels["${NAMESPACE_NAME}"]`, value: namespaceLabels[NAMESPACE_NAME], problem: `is not the namespace, ${namespace}`, fix: 'leave it out: the API server sets it' });
    }
    const namedPorts = options.namedPorts ?? {};
    for (const [name, port] of Object.entries(namedPorts)) {
      portName(where, 'namedPorts', name);
      if (port.first === undefined || port.first !== port.last) {
        reject({ where, field: `namedPorts["${name}"]`, value: port.toString(), problem: 'is not one port', fix: 'give its number, e.g. NetworkPort.tcp(8080)' });
      }
    }
    return new NetworkEndpoint(
      options.ip === undefined ? undefined : addressOf(options.ip),
      namespace,
      checkedLabels(where, 'labels', labels),
      { ...namespaceLabels, [NAMESPACE_NAME]: namespace },
      namedPorts,
    );
  }

  /**
   * An address that is no pod: a machine outside of the cluster, a node, a load balancer.
   *
   * @throws on a malformed address
   */
  public static ip(address: string): NetworkEndpoint {
    return new NetworkEndpoint(addressOf(address));
  }

  /** @internal */
  public readonly _namedPorts: { [name: string]: NetworkPort };
  /** @internal */
  public readonly _namespaceLabels: Labels;
  /** @internal */
  public readonly _labels: Labels;

  private constructor(
    /** @internal */
    public readonly _address: Address | undefined,
    /** The namespace of a pod; undefined for what is no pod. */
    public readonly podNamespace?: string,
    labels: Labels = {},
    namespaceLabels: Labels = {},
    namedPorts: { [name: string]: NetworkPort } = {},
  ) {
    this._labels = labels;
    this._namespaceLabels = namespaceLabels;
    this._namedPorts = namedPorts;
  }

  /** E.g. `pod payments/app=api`, `pod payments/app=api (10.1.2.3)`, `203.0.113.7`. */
  public toString(): string {
    const ip = this._address === undefined ? '' : formatAddress(this._address);
    if (this.podNamespace === undefined) return ip;
    return `pod ${this.podNamespace}/${formatSelector({ labels: this._labels, requirements: [] })}${ip && ` (${ip})`}`;
  }
}

function addressOf(text: string): Address {
  return parseAddress(text) ?? reject({
    where, field: 'ip', value: text, problem: 'is not an address', fix: 'write one such as "10.20.0.7" or "2001:db8::7", without prefix or zone, and IPv4 as IPv4',
  });
}
