import { Duration } from 'cdk8s';
import { seconds } from '../private/validate';

const MINUTE = 60;

/** As whom the API server is asked. Either way it is the person: their rights, the guardrails and the audit log apply to them. */
export class GatewayIdentity {
  /**
   * The gateway asks in the name of the person, by constrained impersonation. It needs Kubernetes 1.36: before that, who may
   * impersonate somebody may do anything in their name.
   *
   * @see https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
   */
  public static impersonation(): GatewayIdentity {
    return new GatewayIdentity();
  }

  /**
   * The gateway has no right and no token. `secure-debug ssh open` hands over, inside SSH, what the person's kubeconfig has: a token
   * of OpenID Connect, or a client certificate for some minutes. It is held in memory, used for one session, and written nowhere;
   * but it may do all that the person may, so whoever controls the gateway's node while a session lasts can act as them for that
   * time. With it Kubernetes 1.30 is enough.
   *
   * @param maxLife for how long a credential may still be valid when it is handed over: 5 to 60 minutes, in whole seconds
   * @default Duration.minutes(15)
   * @throws on another time
   */
  public static ownCredential(maxLife?: Duration): GatewayIdentity {
    return new GatewayIdentity(seconds('GatewayIdentity.ownCredential', 'maxLife', maxLife ?? Duration.minutes(15), 5 * MINUTE, 60 * MINUTE));
  }

  /** Seconds for which a credential may still be valid; undefined for impersonation. */
  public readonly maxCredentialSeconds?: number;

  private constructor(maxCredentialSeconds?: number) {
    this.maxCredentialSeconds = maxCredentialSeconds;
  }
}
