import { Duration } from 'cdk8s';
import { probe, restricted } from './containers';
import { DOOR_PORT, PROXY_PORT } from './ports';
import { byCodeUnit } from '../private/canonical';
import { reject } from '../private/errors';
import { httpsUrl } from '../private/https-url';
import { dnsSubdomain, each, groupName, pinnedImage, reason, seconds, text } from '../private/validate';

const CREDENTIALS = '/etc/diagnostics-credentials';
const AUTHORITY = '/etc/diagnostics-authority';
const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Who is let in by oauth2-proxy, and who says so. */
export interface OAuth2ProxyProps {
  /** `issuer` of the identity provider's `/.well-known/openid-configuration`: HTTPS. */
  readonly issuerUrl: string;
  /**
   * `authorization_endpoint` of the same document. The proxy does not fetch the document: it would not start while the identity
   * provider is down, and its pod, with the application in it, would not become ready.
   */
  readonly authorizationUrl: string;
  /** `token_endpoint` of the same document. */
  readonly tokenUrl: string;
  /** `jwks_uri` of the same document. */
  readonly jwksUrl: string;
  /** Of the client that was made for this route. Its redirect URI is `https://HOST/oauth2/callback`. */
  readonly clientId: string;
  /** Groups of the identity provider: members of any of them are let in. No commas and quotation marks. */
  readonly groups: string[];
  /**
   * Name of a Secret in the same namespace with `client-secret` and `cookie-secret`, of 32 random bytes or characters. It is not
   * made here, since it is a secret.
   */
  readonly secretName: string;
  /**
   * Name of a ConfigMap in the same namespace with `ca.crt`, the authority of the issuer's certificate.
   *
   * @default - the public authorities that are in the image
   */
  readonly issuerCaConfigMap?: string;
  /**
   * Claim of the ID token that has the groups.
   *
   * @default groups
   */
  readonly groupsClaim?: string;
  /**
   * What is asked of the identity provider. Some want `groups` in it, some refuse that.
   *
   * @default openid email profile
   */
  readonly scope?: string;
  /**
   * How long somebody stays in without logging in again, and so how long somebody stays in who has left the group: 1 minute to
   * 12 hours, in whole seconds.
   *
   * @default Duration.hours(1)
   */
  readonly session?: Duration;
  /**
   * An image of oauth2-proxy 7.15 or newer, pinned by a version tag or a digest.
   *
   * @default DiagnosticsProxy.DEFAULT_IMAGE
   */
  readonly image?: string;
}

/** A proxy of your own, which finds out who asks. */
export interface CustomProxyProps {
  /** Pinned by a version tag or a digest. */
  readonly image: string;
  /** How it finds out who asks, and whom it lets in: kept as an annotation for reviewers. */
  readonly authentication: string;
  /** Of the container. */
  readonly args: string[];
  /**
   * Of the container.
   *
   * @default - that of the image
   */
  readonly command?: string[];
  /**
   * Environment; no secrets.
   *
   * @default - none
   */
  readonly env?: { [name: string]: string };
  /**
   * Name of a Secret in the same namespace, mounted at `/etc/diagnostics-credentials`.
   *
   * @default - none
   */
  readonly secretName?: string;
  /**
   * Path that answers 200 while it lives, to anybody.
   *
   * @default - not probed
   */
  readonly livenessPath?: string;
}

/** What the construct around it knows. */
interface ProxyContext {
  readonly host: string;
  readonly timeoutSeconds: number;
}

/**
 * What stands between the route and the diagnostics of a pod, in the same pod, and finds out who asks. It listens on port 4180 of
 * the pod and passes what it lets in to `http://127.0.0.1:4181`, which passes on what was declared.
 */
export class DiagnosticsProxy {
  /** The image of oauth2-proxy when no other is given. */
  public static readonly DEFAULT_IMAGE = 'quay.io/oauth2-proxy/oauth2-proxy:v7.15.6';
  /** Port that a proxy listens on, on every address of the pod. */
  public static readonly PORT = PROXY_PORT;
  /** Where a proxy passes on what it lets in. */
  public static readonly UPSTREAM = `http://127.0.0.1:${DOOR_PORT}`;

  /**
   * oauth2-proxy with an OpenID Connect provider: PKCE and nonce are checked, cookies are bound to the host, tokens are not kept and
   * not passed on.
   *
   * @throws on URLs that are not HTTPS, an empty or malformed list of groups, an image that is not pinned, bad names and durations
   * @see https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview
   */
  public static oauth2Proxy(props: OAuth2ProxyProps): DiagnosticsProxy {
    const where = 'DiagnosticsProxy.oauth2Proxy';
    const url = (field: 'issuerUrl' | 'authorizationUrl' | 'tokenUrl' | 'jwksUrl') => httpsUrl(where, field, props[field], 'that of the identity provider, such as "https://login.example.com"');
    const groups = [...each(where, 'groups', props.groups, 'group', (field, value) => {
      groupName(where, field, value);
      if (/[,"]/.test(value)) reject({ where, field, value, problem: 'has a comma or a quotation mark, at which oauth2-proxy would split it', fix: 'use a group without' });
      return value;
    })].sort(byCodeUnit);
    const word = (field: 'clientId' | 'groupsClaim' | 'scope', value: string, what: string) => text(where, field, value, what, 500);
    const secretName = dnsSubdomain(where, 'secretName', props.secretName, 'the name of a Secret such as "ledger-login"');
    const authority = props.issuerCaConfigMap === undefined ? undefined
      : dnsSubdomain(where, 'issuerCaConfigMap', props.issuerCaConfigMap, 'the name of a ConfigMap such as "login-ca"');
    const image = pinnedImage(where, 'image', props.image ?? DiagnosticsProxy.DEFAULT_IMAGE);
    const session = seconds(where, 'session', props.session ?? Duration.hours(1), MINUTE, 12 * HOUR);
    const args = [
      '--provider=oidc',
      `--oidc-issuer-url=${url('issuerUrl')}`,
      '--skip-oidc-discovery=true',
      `--login-url=${url('authorizationUrl')}`,
      `--redeem-url=${url('tokenUrl')}`,
      `--oidc-jwks-url=${url('jwksUrl')}`,
      `--client-id=${word('clientId', props.clientId, 'the id of the client')}`,
      `--client-secret-file=${CREDENTIALS}/client-secret`,
      `--scope=${word('scope', props.scope ?? 'openid email profile', 'scopes such as "openid email groups"')}`,
      `--oidc-groups-claim=${word('groupsClaim', props.groupsClaim ?? 'groups', 'the name of a claim')}`,
      ...groups.map(group => `--allowed-group=${group}`),
      // Whoever is in the group, whatever the address.
      '--email-domain=*',
      '--code-challenge-method=S256',
      '--insecure-oidc-skip-nonce=false',
      ...authority ? [`--provider-ca-file=${AUTHORITY}/ca.crt`] : [],
      `--cookie-secret-file=${CREDENTIALS}/cookie-secret`,
      '--cookie-name=__Host-diagnostics',
      '--cookie-secure=true',
      '--cookie-httponly=true',
      '--cookie-samesite=lax',
      `--cookie-expire=${session}s`,
      '--session-cookie-minimal=true',
      '--pass-basic-auth=false',
      '--pass-user-headers=true',
      '--proxy-websockets=false',
      '--skip-provider-button=true',
      '--silence-ping-logging=true',
      `--http-address=:${PROXY_PORT}`,
      `--upstream=${DiagnosticsProxy.UPSTREAM}/`,
    ];
    return new DiagnosticsProxy(`oauth2-proxy: members of ${groups.join(', ')} by ${props.issuerUrl}`, ({ host, timeoutSeconds }) => ({
      container: {
        image,
        command: ['/bin/oauth2-proxy'],
        args: [...args, `--redirect-url=https://${host}/oauth2/callback`, `--upstream-timeout=${timeoutSeconds + 5}s`],
        // No readiness probe: whether somebody can log in says nothing about the application.
        livenessProbe: probe('/ping', PROXY_PORT),
      },
      secretName,
      authority,
    }));
  }

  /**
   * Another proxy. It has to listen on port 4180 (DiagnosticsProxy.PORT) as a user that is not root, with a root file system that
   * is read-only, find out who asks, take `X-Forwarded-Email` from nobody, and pass what it lets in to DiagnosticsProxy.UPSTREAM.
   *
   * @throws on an image that is not pinned, and when it is not said how it finds out who asks
   */
  public static custom(props: CustomProxyProps): DiagnosticsProxy {
    const where = 'DiagnosticsProxy.custom';
    const image = pinnedImage(where, 'image', props.image);
    const authentication = reason(where, 'authentication', props.authentication);
    const secretName = props.secretName === undefined ? undefined
      : dnsSubdomain(where, 'secretName', props.secretName, 'the name of a Secret such as "ledger-login"');
    if (!Array.isArray(props.args)) reject({ where, field: 'args', value: props.args, problem: 'is not a list', fix: 'give the arguments, or []' });
    const env = Object.entries(props.env ?? {}).sort(([a], [b]) => byCodeUnit(a, b)).map(([name, value]) => ({ name, value }));
    const livenessPath = props.livenessPath;
    if (livenessPath !== undefined && !/^\/[!-~]*$/.test(livenessPath)) {
      reject({ where, field: 'livenessPath', value: livenessPath, problem: 'is not a path', fix: 'write one such as "/ping"' });
    }
    return new DiagnosticsProxy(authentication, () => ({
      container: {
        image,
        ...props.command && { command: props.command },
        args: props.args,
        ...env.length && { env },
        ...livenessPath && { livenessProbe: probe(livenessPath, PROXY_PORT) },
      },
      secretName,
    }));
  }

  /** How it finds out who asks, in a line for reviewers. */
  public readonly authentication: string;
  private readonly made: (context: ProxyContext) => { container: { [field: string]: unknown }; secretName?: string; authority?: string };

  private constructor(authentication: string, made: DiagnosticsProxy['made']) {
    this.authentication = authentication;
    this.made = made;
  }

  /**
   * Its container and volumes.
   *
   * @internal
   */
  public _emit(context: ProxyContext): { container: any; volumes: any[] } {
    const { container, secretName, authority } = this.made(context);
    const credentials = secretName ? [{ name: 'diagnostics-credentials', secret: { secretName } }] : [];
    const authorities = authority ? [{ name: 'diagnostics-authority', configMap: { name: authority } }] : [];
    return {
      container: restricted({
        name: 'diagnostics-proxy',
        ...container,
        ports: [{ name: 'diag-proxy', containerPort: PROXY_PORT, protocol: 'TCP' }],
        volumeMounts: [
          ...credentials.map(({ name }) => ({ name, mountPath: CREDENTIALS, readOnly: true })),
          ...authorities.map(({ name }) => ({ name, mountPath: AUTHORITY, readOnly: true })),
        ],
      }, '128Mi'),
      volumes: [...credentials, ...authorities],
    };
  }
}
