import { plainArguments, plainEnvironment } from './no-secret';
import { reject } from '../private/errors';
import { httpsUrl } from '../private/https-url';
import { certificates } from '../private/pem';
import { each, noWildcard, text } from '../private/validate';

/** Whether a credential plugin may read from the terminal. */
export enum PluginInteraction {
  /** It never reads; so kubectl can read manifests from standard input. */
  NEVER = 'Never',
  /** It reads when there is a terminal and kubectl does not need standard input itself. */
  IF_AVAILABLE = 'IfAvailable',
  /** It has to read: `kubectl apply -f -` and scripts fail. */
  ALWAYS = 'Always',
}

/** The version of the protocol between kubectl and the plugin. */
export enum PluginProtocol {
  /** client.authentication.k8s.io/v1, since Kubernetes 1.22. */
  V1 = 'client.authentication.k8s.io/v1',
  /** client.authentication.k8s.io/v1beta1: what the plugins of the clouds answer in every version of theirs. */
  V1BETA1 = 'client.authentication.k8s.io/v1beta1',
}

/** How people log in with kubelogin. */
export interface KubeloginProps {
  /** URL of the issuer, as in its discovery document, e.g. `https://login.example.com`. */
  readonly issuerUrl: string;
  /** The public client that the issuer knows, one without a secret. */
  readonly clientId: string;
  /**
   * Scopes besides `openid`, in which the issuer gives e-mail and groups.
   *
   * @default ['email', 'groups']
   */
  readonly scopes?: string[];
  /**
   * Log in by a code that is typed on another device, where there is no browser. Someone who is talked into typing a
   * foreign code logs a stranger in: where a browser can be opened, leave it out.
   *
   * @default false
   */
  readonly deviceCode?: boolean;
  /**
   * PEM of the authority that signed the issuer's certificate.
   *
   * @default - those that the computer trusts
   */
  readonly certificateAuthority?: string;
}

/** How people log in with the command line of this project. */
export interface SecureDebugLoginProps {
  /** URL of the issuer, as in its discovery document, e.g. `https://login.example.com`. */
  readonly issuerUrl: string;
  /** The public client that the issuer knows, one without a secret. */
  readonly clientId: string;
  /**
   * Scopes besides `openid`, in which the issuer gives e-mail and groups. With `offline_access` many issuers give a
   * refresh token, by which the login lasts for up to twelve hours.
   *
   * @default ['email', 'groups']
   */
  readonly scopes?: string[];
  /**
   * What else the issuer is asked at a login, e.g. `{ acr_values: 'phrh' }` where it says that a hardware key was used
   * only when it is asked to.
   *
   * @default - nothing
   */
  readonly parameters?: { [name: string]: string };
  /**
   * Where the browser comes back to on the person's computer, as the issuer has it for the client. Without a port, any
   * free one is used, as RFC 8252 has it; issuers that compare ports need one, e.g. `http://localhost:8000`.
   *
   * @default http://127.0.0.1
   */
  readonly redirectUrl?: string;
  /**
   * Start the person's browser. Its address is printed in any case.
   *
   * @default - true, but not with deviceCode
   */
  readonly openBrowser?: boolean;
  /**
   * Log in by a code that is typed on another device, where there is no browser. Someone who is talked into typing a
   * foreign code logs a stranger in: where a browser can be opened, leave it out.
   *
   * @default false
   */
  readonly deviceCode?: boolean;
  /**
   * PEM of the authority that signed the issuer's certificate.
   *
   * @default - those that Node.js trusts
   */
  readonly certificateAuthority?: string;
}

/** How Azure's kubelogin logs in. */
export enum AzureLogin {
  /** A code that is typed on another device; many tenants forbid it. */
  DEVICE_CODE = 'devicecode',
  /** By a browser. */
  INTERACTIVE = 'interactive',
  /** By what `az login` has. */
  AZURE_CLI = 'azurecli',
  /** By a federated token, in pipelines. */
  WORKLOAD_IDENTITY = 'workloadidentity',
}

/** AKS with Microsoft Entra ID. */
export interface AzureKubeloginProps {
  /** Id of the tenant. */
  readonly tenantId: string;
  /**
   * Id of the server application.
   *
   * @default - that of AKS
   */
  readonly serverId?: string;
  /**
   * Id of the client application.
   *
   * @default - that of AKS
   */
  readonly clientId?: string;
  /** @default AzureLogin.AZURE_CLI */
  readonly login?: AzureLogin;
}

/** An EKS cluster. */
export interface EksTokenProps {
  /** Name of the cluster in EKS. */
  readonly clusterName: string;
  /** Region of the cluster, e.g. `eu-central-1`. */
  readonly region: string;
  /**
   * Profile of the AWS CLI, such as one of IAM Identity Center.
   *
   * @default - whatever the person's environment says
   */
  readonly profile?: string;
  /**
   * ARN of the role to assume.
   *
   * @default - none
   */
  readonly roleArn?: string;
}

/** A program of one's own. */
export interface CredentialHelperProps {
  /** The program, found by PATH, or an absolute path. A path relative to the kubeconfig would run what lies beside it. */
  readonly command: string;
  /**
   * Its arguments, e.g. `['--cluster=prod', '--ttl=30m']`.
   *
   * @default - none
   */
  readonly args?: string[];
  /**
   * Environment variables, besides those of kubectl.
   *
   * @default - none
   */
  readonly env?: { [name: string]: string };
  /** What a new colleague does when the program is not there: kubectl prints it. */
  readonly installHint: string;
  /**
   * Whether it may read from the terminal.
   *
   * @default PluginInteraction.IF_AVAILABLE
   */
  readonly interaction?: PluginInteraction;
  /**
   * Whether it is told which cluster it is for, by KUBERNETES_EXEC_INFO.
   *
   * @default false
   */
  readonly provideClusterInfo?: boolean;
  /** @default PluginProtocol.V1 */
  readonly protocol?: PluginProtocol;
}

interface Exec {
  readonly command: string;
  readonly args: string[];
  readonly env: { name: string; value: string }[];
  readonly installHint: string;
  readonly interaction: PluginInteraction;
  readonly provideClusterInfo: boolean;
  readonly protocol: PluginProtocol;
}

/** The applications of AKS in Entra ID, the same in each tenant of the public cloud. https://azure.github.io/kubelogin/concepts/aks.html */
const AKS = { server: '6dae42f8-4368-4678-94ff-3960e28e3630', client: '80faf920-1908-4b52-b5ef-a8e7bedfc67a' };

/**
 * The program that kubectl asks for a credential. It gets one that is short-lived and carries the person; nothing secret
 * stands in the kubeconfig, and an argument or variable that is a secret is refused.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
export class CredentialPlugin {
  /**
   * Any OIDC issuer, by kubelogin (the kubectl plugin `oidc-login`), with PKCE and without a client secret.
   *
   * @see https://github.com/int128/kubelogin
   * @throws on a URL that is not HTTPS, an empty client id, and a malformed scope
   */
  public static kubelogin(props: KubeloginProps): CredentialPlugin {
    const at = 'CredentialPlugin.kubelogin';
    const scopes = props.scopes ?? ['email', 'groups'];
    if (scopes.length > 0) each(at, 'scopes', scopes, 'scope', (field, value) => word(at, field, value, 'a scope such as "groups"'));
    const authority = props.certificateAuthority === undefined ? undefined : certificates(at, 'certificateAuthority', props.certificateAuthority);
    return new CredentialPlugin({
      command: 'kubectl',
      args: [
        'oidc-login',
        'get-token',
        `--oidc-issuer-url=${httpsUrl(at, 'issuerUrl', props.issuerUrl, 'the issuer such as "https://login.example.com"')}`,
        `--oidc-client-id=${word(at, 'clientId', props.clientId, 'the id of a public client')}`,
        ...scopes.map(scope => `--oidc-extra-scope=${scope}`),
        ...props.deviceCode ? ['--grant-type=device-code'] : [],
        ...authority === undefined ? [] : [`--certificate-authority-data=${Buffer.from(authority).toString('base64')}`],
      ],
      env: [],
      installHint: 'kubelogin is missing. Install it by "kubectl krew install oidc-login", or see https://github.com/int128/kubelogin#setup',
      interaction: PluginInteraction.IF_AVAILABLE,
      provideClusterInfo: false,
      protocol: PluginProtocol.V1BETA1,
    });
  }

  /**
   * Any OIDC issuer, by `secure-debug credential`, with PKCE and without a client secret: for whoever has the command line of
   * this project anyway. It never reads standard input, so `kubectl apply -f -` works while somebody logs in.
   *
   * @throws on a URL that is not HTTPS, an empty client id, a malformed scope, a parameter that the login itself makes, a
   * redirect that leaves the computer, and on deviceCode together with what a browser needs
   */
  public static secureDebug(props: SecureDebugLoginProps): CredentialPlugin {
    const at = 'CredentialPlugin.secureDebug';
    const { redirectUrl, deviceCode = false, openBrowser = !deviceCode, parameters = {} } = props;
    const scopes = props.scopes ?? ['email', 'groups'];
    if (scopes.length > 0) each(at, 'scopes', scopes, 'scope', (field, value) => word(at, field, value, 'a scope such as "groups"'));
    const authority = props.certificateAuthority === undefined ? undefined : certificates(at, 'certificateAuthority', props.certificateAuthority);
    if (deviceCode && (openBrowser || redirectUrl !== undefined)) {
      reject({ where: at, field: openBrowser ? 'openBrowser' : 'redirectUrl', value: openBrowser || redirectUrl, problem: 'is for a browser on this computer, and deviceCode is for another device', fix: 'leave out one of the two' });
    }
    return new CredentialPlugin({
      command: 'secure-debug',
      args: plainArguments(at, [
        'credential',
        `--issuer=${httpsUrl(at, 'issuerUrl', props.issuerUrl, 'the issuer such as "https://login.example.com"')}`,
        `--client-id=${word(at, 'clientId', props.clientId, 'the id of a public client')}`,
        // Without any, it would ask for those that are usual.
        ...(scopes.length > 0 ? scopes : ['openid']).map(scope => `--scope=${scope}`),
        ...Object.keys(parameters).sort().map(name => `--param=${parameter(at, name)}=${text(at, `parameters.${name}`, parameters[name], 'what the issuer is asked', 4096)}`),
        ...redirectUrl === undefined ? [] : [`--redirect=${loopback(at, redirectUrl)}`],
        ...deviceCode ? ['--device-code'] : [],
        ...openBrowser ? ['--browser'] : [],
        ...authority === undefined ? [] : [`--certificate-authority-data=${Buffer.from(authority).toString('base64')}`],
      ]),
      env: [],
      installHint: 'secure-debug is missing. Install it by "npm install --global secure-debug"',
      interaction: PluginInteraction.NEVER,
      provideClusterInfo: false,
      protocol: PluginProtocol.V1,
    });
  }

  /**
   * AKS with Entra ID, by Azure's kubelogin. Its logins by password or by a client secret are not offered.
   *
   * @see https://azure.github.io/kubelogin/
   * @throws on ids that are no UUID
   */
  public static azure(props: AzureKubeloginProps): CredentialPlugin {
    const at = 'CredentialPlugin.azure';
    const { serverId = AKS.server, clientId = AKS.client, login = AzureLogin.AZURE_CLI } = props;
    const ids = ['--server-id', uuid(at, 'serverId', serverId), '--tenant-id', uuid(at, 'tenantId', props.tenantId)];
    // What az and a federated token log in as is theirs to know.
    const client = [AzureLogin.DEVICE_CODE, AzureLogin.INTERACTIVE].includes(login) ? ['--client-id', uuid(at, 'clientId', clientId)] : [];
    return new CredentialPlugin({
      command: 'kubelogin',
      args: ['get-token', '--environment', 'AzurePublicCloud', '--login', login, ...ids, ...client],
      env: [],
      installHint: 'kubelogin of Azure is missing. Install it by "az aks install-cli", or see https://azure.github.io/kubelogin/install.html',
      interaction: PluginInteraction.IF_AVAILABLE,
      provideClusterInfo: false,
      protocol: PluginProtocol.V1BETA1,
    });
  }

  /**
   * EKS, by the AWS CLI. The token is for fifteen minutes, and names the role's session; which person that is, is up to
   * IAM Identity Center.
   *
   * @see https://docs.aws.amazon.com/cli/latest/reference/eks/get-token.html
   * @throws on malformed names, and on an ARN that is not a role's
   */
  public static eks(props: EksTokenProps): CredentialPlugin {
    const at = 'CredentialPlugin.eks';
    const { roleArn, profile } = props;
    const cluster = word(at, 'clusterName', props.clusterName, 'the name of the cluster in EKS');
    const region = word(at, 'region', props.region, 'a region such as "eu-central-1"');
    if (!/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(region)) reject({ where: at, field: 'region', value: region, problem: 'is not a region', fix: 'write one such as "eu-central-1"' });
    if (roleArn !== undefined && !/^arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(roleArn)) {
      reject({ where: at, field: 'roleArn', value: roleArn, problem: 'is not the ARN of a role', fix: 'write one such as "arn:aws:iam::123456789012:role/oncall"' });
    }
    return new CredentialPlugin({
      command: 'aws',
      args: ['--region', region, 'eks', 'get-token', '--cluster-name', cluster, '--output', 'json', ...roleArn === undefined ? [] : ['--role-arn', roleArn]],
      env: profile === undefined ? [] : [{ name: 'AWS_PROFILE', value: word(at, 'profile', profile, 'a profile of the AWS CLI') }],
      installHint: `The AWS CLI is missing. Install version 2 from https://aws.amazon.com/cli, then run "aws sso login${profile === undefined ? '' : ` --profile ${profile}`}"`,
      interaction: PluginInteraction.IF_AVAILABLE,
      provideClusterInfo: false,
      protocol: PluginProtocol.V1BETA1,
    });
  }

  /**
   * GKE, by gke-gcloud-auth-plugin, with what `gcloud auth login` has.
   *
   * @see https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl
   */
  public static gke(): CredentialPlugin {
    return new CredentialPlugin({
      command: 'gke-gcloud-auth-plugin',
      args: [],
      env: [],
      installHint: 'gke-gcloud-auth-plugin is missing. Install it by "gcloud components install gke-gcloud-auth-plugin", then run "gcloud auth login"',
      interaction: PluginInteraction.NEVER,
      provideClusterInfo: true,
      protocol: PluginProtocol.V1BETA1,
    });
  }

  /**
   * A program of one's own, e.g. `cred-helper --cluster=prod --ttl=30m`. It prints an ExecCredential.
   *
   * @throws on a relative path, an empty installHint, and on arguments and variables that are a secret
   */
  public static helper(props: CredentialHelperProps): CredentialPlugin {
    const at = 'CredentialPlugin.helper';
    const command = text(at, 'command', noWildcard(at, 'command', props.command), 'a program such as "cred-helper"', 4096);
    if (/\s/.test(command)) {
      reject({ where: at, field: 'command', value: command, problem: 'contains blanks, and no shell divides it', fix: 'give the program here, and each argument in args' });
    }
    if (/[/\\]/.test(command) && !/^(\/|[A-Za-z]:\\)/.test(command)) {
      reject({ where: at, field: 'command', value: command, problem: 'is a path relative to the kubeconfig: whoever can write beside it decides what runs', fix: 'give the name of a program in PATH, or an absolute path' });
    }
    return new CredentialPlugin({
      command,
      args: plainArguments(at, props.args ?? []),
      env: plainEnvironment(at, props.env ?? {}),
      installHint: text(at, 'installHint', props.installHint, 'what a new colleague does to get the program', 1000),
      interaction: props.interaction ?? PluginInteraction.IF_AVAILABLE,
      provideClusterInfo: props.provideClusterInfo ?? false,
      protocol: props.protocol ?? PluginProtocol.V1,
    });
  }

  private constructor(private readonly exec: Exec) {}

  /** The program that runs. */
  public get command(): string {
    return this.exec.command;
  }

  /** Its arguments. */
  public get args(): string[] {
    return [...this.exec.args];
  }

  /** As `exec` of a user in a kubeconfig. */
  public toManifest(): any {
    const { command, args, env, installHint, interaction, provideClusterInfo, protocol } = this.exec;
    return {
      apiVersion: protocol,
      command,
      ...args.length && { args: [...args] },
      ...env.length && { env: env.map(variable => ({ ...variable })) },
      installHint,
      interactiveMode: interaction,
      provideClusterInfo,
    };
  }
}

/** What each login makes itself: who could change these would turn its checks off. */
const MADE = ['client_id', 'client_secret', 'response_type', 'response_mode', 'redirect_uri', 'scope', 'state', 'nonce', 'code_challenge', 'code_challenge_method', 'request', 'request_uri'];

function parameter(where: string, name: string): string {
  const field = 'parameters';
  if (!/^[A-Za-z_]\w*$/.test(name)) reject({ where, field, value: name, problem: 'is no name of a parameter', fix: 'write one such as "acr_values"' });
  if (MADE.includes(name)) reject({ where, field, value: name, problem: 'is made by each login itself', fix: 'leave it out' });
  return name;
}

/** The person's own computer: a code that is sent elsewhere logs somebody else in. */
function loopback(where: string, value: string): string {
  const field = 'redirectUrl';
  text(where, field, value, 'a URL such as "http://localhost:8000"');
  if (!/^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?(\/[\w./~-]*)?$/.test(value)) {
    reject({ where, field, value, problem: 'is not on the person\'s own computer', fix: 'write one such as "http://localhost:8000"' });
  }
  return value;
}

/** Text without blanks that is no flag. */
function word(where: string, field: string, value: string, what: string): string {
  text(where, field, noWildcard(where, field, value), what);
  if (/\s/.test(value) || value.startsWith('-')) reject({ where, field, value, problem: 'contains blanks or begins with a dash', fix: `give ${what}` });
  return value;
}

function uuid(where: string, field: string, value: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value ?? '')) {
    reject({ where, field, value, problem: 'is not an id of Entra ID', fix: 'write a UUID such as "00000000-0000-0000-0000-000000000000"' });
  }
  return value;
}
