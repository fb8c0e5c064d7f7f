import { Construct } from 'constructs';
import { TokenIssuer } from './token-issuer';
import { ControlPlane } from '../model/control-plane';
import { addServerFile, serverFiles } from '../model/server-file';
import { SecureDebugWarnings } from '../model/warnings';
import { reject } from '../private/errors';
import { yamlFile } from '../private/yaml-text';

const where = 'AuthenticationConfiguration';
const FILE = 'authentication-config.yaml';
/** The API server takes no more. */
const MOST_ISSUERS = 64;
/** First minor version of Kubernetes that has it switched on, and first in which it is final. */
const BETA = 30;
const FINAL = 34;
const HOUR = 3600;
/** Claims that people, or whoever administers the directory, can change to the value of somebody else. */
const CHANGEABLE = ['preferred_username', 'name', 'nickname', 'given_name', 'unique_name', 'upn', 'login', 'username'];

/** Whose tokens the API server accepts. */
export interface AuthenticationConfigurationProps {
  /** The issuers, 1 to 64. */
  readonly issuers: TokenIssuer[];
}

/**
 * Who may log in to the API server with a token, in a file that it reads (AuthenticationConfiguration of
 * apiserver.config.k8s.io): v1 from Kubernetes 1.34, v1beta1 from 1.30. It is no cluster object, so it is declared in a
 * `ControlPlane`, like an audit policy.
 *
 * The API server reads a changed file again within a minute, without a restart; one that it cannot use it ignores, and says so in
 * its log and in the metric apiserver_authentication_config_controller_automatic_reloads_total. It refuses to start when a
 * flag that begins with --oidc- is there too. Whoever is refused gets 401 and no reason: that stands in the API
 * server's log.
 *
 * It is added to what the cluster accepts already. Client certificates and tokens of ServiceAccounts work as before.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#using-authentication-configuration
 */
export class AuthenticationConfiguration extends Construct {
  /** The issuers, in the order given. */
  public readonly issuers: TokenIssuer[];
  private readonly apiVersion: string;

  /**
   * @param scope the control plane, or a construct in it
   * @throws in a chart of cluster objects, outside a control plane, as the second one of a control plane, on Kubernetes before
   * 1.30, on no or more than 64 issuers, and on issuers that are equal or whose users could have each other's names
   */
  public constructor(scope: Construct, id: string, props: AuthenticationConfigurationProps) {
    super(ControlPlane._scopeFor(where, 'authentication configuration', 'login', scope), id);
    const controlPlane = ControlPlane._of(this)!;
    let complete = false;
    // An app that swallows an error below must not be synthesized without it: nobody could log in.
    this.node.addValidation({ validate: () => complete ? [] : [`${where} was refused when it was declared`] });

    if (serverFiles(controlPlane).some(file => file.name === FILE)) {
      reject({ where, field: 'id', value: id, problem: 'is a second authentication configuration of this control plane, and the API server reads one', fix: 'give all issuers to one, or make another ControlPlane' });
    }
    const minor = controlPlane._minor;
    if (minor !== undefined && minor < BETA) {
      reject({ where, field: 'clusterVersion', value: `1.${minor}`, problem: `has no AuthenticationConfiguration that is switched on; that came with 1.${BETA}`, fix: 'upgrade the cluster first' });
    }
    this.issuers = checked(props.issuers);
    this.apiVersion = `apiserver.config.k8s.io/${minor === undefined || minor >= FINAL ? 'v1' : 'v1beta1'}`;
    addServerFile(controlPlane, {
      name: FILE,
      text: () => this.toYaml(),
      compact: () => yamlFile([], this.toManifest()),
      flags: path => [{ name: 'authentication-config', value: path, kops: 'authenticationConfigFile' }],
      remarks: [`${FILE}: take away all flags that begin with --oidc-, beside which the API server does not start.`],
      talos: {
        document: { apiVersion: 'v1alpha1', kind: 'KubeAuthenticationConfig', configuration: this.forTalos() },
        remarks: [
          'For Talos 1.14 and later; it replaces the document that is there. Earlier versions have no field for it.',
          'Requests without a credential reach the health endpoints alone, which Talos needs.',
        ],
      },
    });
    complete = true;
    this.issuers.forEach(issuer => this.warn(issuer));
  }

  /** The file as an object. */
  public toManifest(): any {
    return { apiVersion: this.apiVersion, kind: where, jwt: this.issuers.map(issuer => issuer.toManifest()) };
  }

  /** The file as YAML. */
  public toYaml(): string {
    return yamlFile([
      'Whose tokens kube-apiserver accepts (--authentication-config). Made by cdk8s-secure-debug.',
      'This is no cluster object: kubectl apply fails on it. The API server does not start when a flag --oidc-… is there too.',
    ], this.toManifest());
  }

  /** With what Talos has in it by itself. */
  private forTalos(): object {
    const { jwt, ...head } = this.toManifest();
    return { ...head, anonymous: { enabled: true, conditions: ['/livez', '/readyz', '/healthz'].map(path => ({ path })) }, jwt };
  }

  private warn({ issuerUrl, maxTokenLifeSeconds, usernameClaim }: TokenIssuer): void {
    if (maxTokenLifeSeconds > HOUR) SecureDebugWarnings._add(this, 'SD7001', `${issuerUrl} up to ${maxTokenLifeSeconds / HOUR} h`);
    if (CHANGEABLE.includes(usernameClaim)) SecureDebugWarnings._add(this, 'SD7002', `${usernameClaim} of ${issuerUrl}`);
  }
}

function checked(issuers: TokenIssuer[]): TokenIssuer[] {
  const field = 'issuers';
  if (!Array.isArray(issuers) || issuers.length === 0) reject({ where, field, value: issuers, problem: 'is empty', fix: 'give at least one TokenIssuer' });
  if (issuers.length > MOST_ISSUERS) reject({ where, field, value: `${issuers.length} issuers`, problem: `is more than the ${MOST_ISSUERS} that the API server takes`, fix: 'leave some out' });
  issuers.forEach((issuer, i) => {
    const at = `${field}[${i}]`;
    if (!(issuer instanceof TokenIssuer)) reject({ where, field: at, value: issuer, problem: 'is no TokenIssuer', fix: 'write new TokenIssuer({ … })' });
    for (const earlier of issuers.slice(0, i)) {
      const { issuerUrl, discoveryUrl, usernamePrefix } = issuer;
      if (earlier.issuerUrl === issuerUrl) reject({ where, field: `${at}.issuerUrl`, value: issuerUrl, problem: 'is listed twice', fix: 'give its audiences and groups to one' });
      if (discoveryUrl !== undefined && earlier.discoveryUrl === discoveryUrl) reject({ where, field: `${at}.discoveryUrl`, value: discoveryUrl, problem: 'is listed twice', fix: 'give each issuer its own' });
      if (usernamePrefix.startsWith(earlier.usernamePrefix) || earlier.usernamePrefix.startsWith(usernamePrefix)) {
        reject({
          where,
          field: `${at}.usernamePrefix`,
          value: usernamePrefix,
          problem: `lets users have the names of those of ${earlier.issuerUrl} ("${earlier.usernamePrefix}")`,
          fix: 'give each issuer a prefix of its own, none of which begins with another',
        });
      }
    }
  });
  return [...issuers];
}
