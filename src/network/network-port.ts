import { formatPort, portName } from './port-spec';
import { reject } from '../private/errors';
import { port as portNumber } from '../private/validate';

const where = 'NetworkPort';

/**
 * Ports of one protocol. In a policy it is always the port of the pod that is reached, after a Service has
 * translated its own.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/#targeting-a-range-of-ports
 */
export class NetworkPort {
  /**
   * One TCP port.
   *
   * @throws unless it is an integer from 1 to 65535
   */
  public static tcp(number: number): NetworkPort {
    return NetworkPort.range('TCP', 'port', number, number);
  }

  /**
   * One UDP port.
   *
   * @throws unless it is an integer from 1 to 65535
   */
  public static udp(number: number): NetworkPort {
    return NetworkPort.range('UDP', 'port', number, number);
  }

  /**
   * One SCTP port. Not every network plug-in supports SCTP.
   *
   * @throws unless it is an integer from 1 to 65535
   */
  public static sctp(number: number): NetworkPort {
    return NetworkPort.range('SCTP', 'port', number, number);
  }

  /**
   * TCP ports from the first to the last, both included.
   *
   * @throws unless both are integers from 1 to 65535, and the first is not after the last
   */
  public static tcpRange(first: number, last: number): NetworkPort {
    return NetworkPort.range('TCP', 'first', first, last);
  }

  /**
   * UDP ports from the first to the last, both included.
   *
   * @throws unless both are integers from 1 to 65535, and the first is not after the last
   */
  public static udpRange(first: number, last: number): NetworkPort {
    return NetworkPort.range('UDP', 'first', first, last);
  }

  /**
   * SCTP ports from the first to the last, both included.
   *
   * @throws unless both are integers from 1 to 65535, and the first is not after the last
   */
  public static sctpRange(first: number, last: number): NetworkPort {
    return NetworkPort.range('SCTP', 'first', first, last);
  }

  /**
   * The TCP port that the pod which is reached calls so in `containers[].ports[].name`. Pods without that name are
   * not reached, nor are addresses outside of the cluster.
   *
   * @throws on a name that Kubernetes would refuse
   */
  public static tcpNamed(name: string): NetworkPort {
    return new NetworkPort('TCP', undefined, undefined, portName(where, 'name', name));
  }

  /**
   * The UDP port that the pod which is reached calls so.
   *
   * @throws on a name that Kubernetes would refuse
   */
  public static udpNamed(name: string): NetworkPort {
    return new NetworkPort('UDP', undefined, undefined, portName(where, 'name', name));
  }

  /**
   * The SCTP port that the pod which is reached calls so.
   *
   * @throws on a name that Kubernetes would refuse
   */
  public static sctpNamed(name: string): NetworkPort {
    return new NetworkPort('SCTP', undefined, undefined, portName(where, 'name', name));
  }

  /** Every port of every protocol. Warns (SD3002): what listens later is open too. */
  public static all(): NetworkPort {
    return new NetworkPort();
  }

  private static range(protocol: string, field: string, first: number, last: number): NetworkPort {
    portNumber(where, field, first);
    portNumber(where, 'last', last);
    if (last < first) {
      reject({ where, field: 'last', value: last, problem: `is before the first port, ${first}`, fix: 'give the lower port first' });
    }
    return new NetworkPort(protocol, first, last);
  }

  private constructor(
    /** `TCP`, `UDP` or `SCTP`; undefined for all. */
    public readonly protocol?: string,
    /** The first port; undefined for named ports, and for all. */
    public readonly first?: number,
    /** The last port: equal to the first unless it is a range. */
    public readonly last?: number,
    /** The name of a named port. */
    public readonly name?: string,
  ) {}

  /** As an entry of `ports` in a NetworkPolicy; undefined for all, which Kubernetes says by leaving `ports` out. */
  public toManifest(): any {
    if (this.protocol === undefined) return undefined;
    const { protocol, first, last, name } = this;
    return first === last ? { protocol, port: name ?? first } : { protocol, port: first, endPort: last };
  }

  /** E.g. `TCP 443`, `TCP 8000-8010`, `TCP http`, `all ports`. */
  public toString(): string {
    return formatPort(this);
  }
}
