import { byCodeUnit } from '../private/canonical';
import { reject } from '../private/errors';
import { cidr, each } from '../private/validate';

/** How an SSH client reaches the gateway. */
export class GatewayReach {
  /**
   * By `kubectl port-forward` (or `secure-debug ssh open`) alone: whoever connects has shown to the API server who they are
   * before sshd hears of them, and there is no address to scan. Every connection comes from the pod's own loopback address, so a
   * certificate limited by `source-address` has to allow 127.0.0.1 and ::1.
   */
  public static portForward(): GatewayReach {
    return new GatewayReach([]);
  }

  /**
   * By a Service of type LoadBalancer, from these blocks. The client's address is kept (`externalTrafficPolicy: Local`), so
   * `source-address` of certificates works. Whether the blocks hold is up to the cloud's load balancer and the cluster's network
   * plug-in.
   *
   * @param sourceCidrs who may connect, e.g. the blocks of the VPN
   * @throws on an empty list, a bad block, and one that contains every address
   * @see https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer
   */
  public static loadBalancer(sourceCidrs: string[]): GatewayReach {
    const where = 'GatewayReach.loadBalancer';
    each(where, 'sourceCidrs', sourceCidrs, 'CIDR block, e.g. that of the VPN', (field, value) => {
      cidr(where, field, value);
      if (value.endsWith('/0')) reject({ where, field, value, problem: 'is every address there is', fix: 'give the blocks that people connect from, e.g. those of the VPN' });
      return value;
    });
    return new GatewayReach([...sourceCidrs].sort(byCodeUnit));
  }

  /** The blocks of a load balancer, sorted; empty for port-forwarding. */
  public readonly sourceCidrs: string[];

  private constructor(sourceCidrs: string[]) {
    this.sourceCidrs = sourceCidrs;
  }
}
