import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { parse } from 'yaml';
import { AUTHORITY } from './authorities';
import { AzureLogin, CredentialHelperProps, CredentialPlugin, OidcKubeconfig, OidcKubeconfigProps, PluginInteraction, PluginProtocol } from '../../src';
import { refusal } from '../private/refusal';

const SERVER = 'https://api.prod.example.com:6443';
const TENANT = '11111111-2222-3333-4444-555555555555';
const helper = (more: Partial<CredentialHelperProps> = {}) => CredentialPlugin.helper({ command: 'cred-helper', args: ['--cluster=prod', '--ttl=30m'], installHint: 'Ask in #platform', ...more });
const config = (more: Partial<OidcKubeconfigProps> = {}) => new OidcKubeconfig({ clusters: [{ name: 'prod', server: SERVER }], plugin: helper(), ...more });
const refused = (more: object) => refusal(() => config(more as Partial<OidcKubeconfigProps>));
const helperRefused = (more: object) => refusal(() => helper(more as Partial<CredentialHelperProps>));

describe('a kubeconfig', () => {
  it('of one cluster: its context is used', () => expect(config().toManifest()).toEqual({
    'apiVersion': 'v1',
    'kind': 'Config',
    'clusters': [{ name: 'prod', cluster: { server: SERVER } }],
    'users': [{
      name: 'person',
      user: {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1', command: 'cred-helper', args: ['--cluster=prod', '--ttl=30m'], installHint: 'Ask in #platform', interactiveMode: 'IfAvailable', provideClusterInfo: false,
        },
      },
    }],
    'contexts': [{ name: 'prod', context: { cluster: 'prod', user: 'person' } }],
    'current-context': 'prod',
  }));
  it('of a fleet: none is used unless it is named, and each way to log in stands there once', () => {
    const eks = CredentialPlugin.eks({ clusterName: 'eu', region: 'eu-central-1' });
    const made = config({
      clusters: [
        { name: 'prod', server: SERVER, namespace: 'payments' }, { name: 'staging', server: 'https://staging.example.com' },
        { name: 'eu', server: 'https://eu.example.com', plugin: eks }, { name: 'eu-again', server: 'https://eu2.example.com', plugin: CredentialPlugin.eks({ clusterName: 'eu', region: 'eu-central-1' }) },
      ],
    }).toManifest();
    expect(made['current-context']).toBe('');
    expect(made.users.map((user: any) => user.name)).toEqual(['person', 'person@eu']);
    expect(made.contexts.map((entry: any) => [entry.name, entry.context.user, entry.context.namespace])).toEqual([
      ['prod', 'person', 'payments'], ['staging', 'person', undefined], ['eu', 'person@eu', undefined], ['eu-again', 'person@eu', undefined],
    ]);
  });
  it('with a current context that is meant', () => {
    const clusters = [{ name: 'prod', server: SERVER }, { name: 'dev', server: 'https://dev.example.com' }];
    expect(config({ clusters, currentContext: 'dev' }).toManifest()['current-context']).toBe('dev');
    expect(refused({ clusters, currentContext: 'test' })).toContain('is no cluster of this file. Fix: use one of prod, dev');
  });
  it('with an authority and another name in its certificate', () => {
    const [{ cluster }] = config({ clusters: [{ name: 'prod', server: SERVER, certificateAuthority: AUTHORITY, tlsServerName: 'api.internal' }] }).toManifest().clusters;
    expect(Buffer.from(cluster['certificate-authority-data'], 'base64').toString()).toBe(AUTHORITY);
    expect(cluster['tls-server-name']).toBe('api.internal');
  });
  it('as YAML is the same, below what it needs', () => {
    expect(parse(config().toYaml())).toEqual(config().toManifest());
    expect(config().toYaml()).toMatch(/^# How to reach the clusters, without any secret\. Made by cdk8s-secure-debug\.\n# .* It needs cred-helper\.\n/);
  });
});

describe('it is written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'secure-debug-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  it('whole, into a folder that is made', () => {
    config().write(join(folder, 'out', 'kubeconfig.yaml'));
    expect(readFileSync(join(folder, 'out', 'kubeconfig.yaml'), 'utf8')).toBe(config().toYaml());
    expect(readdirSync(join(folder, 'out'))).toEqual(['kubeconfig.yaml']);
  });
  it('not among cluster objects', () => {
    expect(refusal(() => config().write('dist/kubeconfig.yaml'))).toBe('OidcKubeconfig: path = "dist/kubeconfig.yaml" is in "dist", the folder of cluster objects: kubectl apply fails on a kubeconfig. '
      + 'Fix: name a file beside it, e.g. "kubeconfig.yaml".');
    expect(existsSync('dist/kubeconfig.yaml')).toBe(false);
  });
});

describe('plugins of providers', () => {
  it('kubelogin: without a client secret', () => {
    const { command, args, installHint, apiVersion } = CredentialPlugin.kubelogin({ issuerUrl: 'https://login.example.com', clientId: 'kubectl' }).toManifest();
    expect([apiVersion, command, ...args]).toEqual([
      'client.authentication.k8s.io/v1beta1', 'kubectl', 'oidc-login', 'get-token', '--oidc-issuer-url=https://login.example.com', '--oidc-client-id=kubectl', '--oidc-extra-scope=email', '--oidc-extra-scope=groups',
    ]);
    expect(installHint).toContain('kubectl krew install oidc-login');
  });
  it('secure-debug: without a client secret, and without standard input', () => {
    expect(CredentialPlugin.secureDebug({ issuerUrl: 'https://login.example.com', clientId: 'kubectl' }).toManifest()).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'secure-debug',
      args: ['credential', '--issuer=https://login.example.com', '--client-id=kubectl', '--scope=email', '--scope=groups', '--browser'],
      installHint: expect.stringContaining('npm install --global secure-debug'),
      interactiveMode: 'Never',
      provideClusterInfo: false,
    });
  });
  it('secure-debug: with what an issuer needs', () => {
    const of = (more: object) => CredentialPlugin.secureDebug({ issuerUrl: 'https://login.example.com', clientId: 'kubectl', ...more }).args.slice(3);
    expect(of({ scopes: [], deviceCode: true, certificateAuthority: AUTHORITY })).toEqual(['--scope=openid', '--device-code', expect.stringMatching(/^--certificate-authority-data=LS0t/)]);
    expect(of({ scopes: ['groups'], redirectUrl: 'http://localhost:8000', openBrowser: false, parameters: { prompt: 'login', acr_values: 'phrh' } })).toEqual([
      '--scope=groups', '--param=acr_values=phrh', '--param=prompt=login', '--redirect=http://localhost:8000',
    ]);
  });
  it('kubelogin: by device code, with other scopes and an authority', () => {
    const { args } = CredentialPlugin.kubelogin({ issuerUrl: 'https://login.example.com', clientId: 'kubectl', scopes: [], deviceCode: true, certificateAuthority: AUTHORITY });
    expect(args.slice(4)).toEqual(['--grant-type=device-code', `--certificate-authority-data=${Buffer.from(AUTHORITY).toString('base64')}`]);
  });
  it('Azure: by what az has, or by a browser', () => {
    expect(CredentialPlugin.azure({ tenantId: TENANT }).args).toEqual(['get-token', '--environment', 'AzurePublicCloud', '--login', 'azurecli', '--server-id', '6dae42f8-4368-4678-94ff-3960e28e3630', '--tenant-id', TENANT]);
    expect(CredentialPlugin.azure({ tenantId: TENANT, login: AzureLogin.DEVICE_CODE, clientId: TENANT }).args.slice(-2)).toEqual(['--client-id', TENANT]);
  });
  it('EKS: names its cluster, and the role', () => {
    const roleArn = 'arn:aws:iam::123456789012:role/oncall';
    const plugin = CredentialPlugin.eks({ clusterName: 'prod', region: 'us-gov-west-1', profile: 'oncall', roleArn });
    expect(plugin.args).toEqual(['--region', 'us-gov-west-1', 'eks', 'get-token', '--cluster-name', 'prod', '--output', 'json', '--role-arn', roleArn]);
    expect(plugin.toManifest()).toMatchObject({ env: [{ name: 'AWS_PROFILE', value: 'oncall' }], installHint: expect.stringContaining('aws sso login --profile oncall') });
    expect(CredentialPlugin.eks({ clusterName: 'prod', region: 'eu-west-1' }).toManifest()).not.toHaveProperty('env');
  });
  it('GKE: is told which cluster, and reads nothing', () => {
    expect(CredentialPlugin.gke().toManifest()).toMatchObject({ command: 'gke-gcloud-auth-plugin', provideClusterInfo: true, interactiveMode: 'Never' });
    expect(CredentialPlugin.gke().toManifest()).not.toHaveProperty('args');
  });
  it('a helper: as it is said', () => {
    expect(helper({ env: { B: '2', A: '1' }, provideClusterInfo: true, interaction: PluginInteraction.ALWAYS, protocol: PluginProtocol.V1BETA1, command: '/opt/bin/helper' }).toManifest()).toMatchObject({
      apiVersion: 'client.authentication.k8s.io/v1beta1', command: '/opt/bin/helper', env: [{ name: 'A', value: '1' }, { name: 'B', value: '2' }], provideClusterInfo: true, interactiveMode: 'Always',
    });
  });
});

describe('no secret: refused is', () => {
  it.each([
    ['--oidc-client-secret=hunter2'], ['--client_secret=hunter2'], ['--password=hunter2'], ['--token=hunter2'], ['--api-key=hunter2'], ['--apikey=hunter2'], ['-password=hunter2'], ['--secret=hunter2'],
    ['eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.'], ['--x=AKIAIOSFODNN7EXAMPLE'], ['--x=ghp_0123456789abcdefghij0123'], ['--url=https://alice:hunter2@example.com'],
    ['--bearer', 'hunter2'], ['--password', 'hunter2'],
  ])('in an argument: %s', (...args) => {
    const message = helperRefused({ args });
    expect(message).toContain('is a secret, and a kubeconfig is no place for one');
    expect(message).not.toMatch(/hunter2|eyJ|AKIA|ghp_/);
  });
  it.each(['AWS_SECRET_ACCESS_KEY', 'PASSWORD', 'GITHUB_TOKEN', 'AAD_SERVICE_PRINCIPAL_CLIENT_SECRET', 'API_KEY'])('in the environment: %s', name => {
    const message = helperRefused({ env: { [name]: 'hunter2' } });
    expect(message).toContain('is a secret');
    expect(message).not.toContain('hunter2');
  });
  it.each([
    ['get-token'], ['--token-cache-dir=/tmp/x'], ['--token-cache-storage', 'keyring'], ['--password-file=/etc/pw'], ['--secret-name=x'], ['token'], ['--no-password', '--x'], ['--token='],
  ])('and no more than that: %s is none', (...args) => expect(helper({ args }).args).toEqual(args));
});

describe('refused is', () => {
  it.each([['http://api', 'is not HTTPS'], ['https://alice:hunter2@api', 'contains a user or a password'], ['https://api?x=1', 'has a query'], ['api:6443', 'is not HTTPS'], ['', 'is empty']])('the server %s', (server, problem) => {
    expect(refused({ clusters: [{ name: 'prod', server }] })).toContain(problem);
    expect(refused({ clusters: [{ name: 'prod', server }] })).not.toContain('hunter2');
  });
  it('no cluster, one twice, and a name that the shell reads otherwise', () => {
    expect(refused({ clusters: [] })).toContain('clusters = [] is empty');
    expect(refused({ clusters: [{ name: 'a', server: SERVER }, { name: 'a', server: SERVER }] })).toContain('clusters[1].name = "a" is listed twice');
    for (const name of ['a b', '$(id)', '-a', '*', 'a"']) expect(refused({ clusters: [{ name, server: SERVER }] })).toContain('clusters[0].name');
  });
  it('a cluster without a way to log in', () => expect(refused({ plugin: undefined })).toContain('clusters[0].plugin = undefined is missing, and the file has none'));
  it('a program that lies beside the kubeconfig', () => {
    for (const command of ['./cred-helper', 'bin/cred-helper', '..\\helper.exe']) expect(helperRefused({ command })).toContain('is a path relative to the kubeconfig');
    expect(helperRefused({ command: 'cred-helper --cluster=prod' })).toContain('contains blanks, and no shell divides it');
  });
  it('no word for a new colleague', () => expect(helperRefused({ installHint: '' })).toContain('installHint = "" is empty'));
  it('ids and names that are none', () => {
    expect(refusal(() => CredentialPlugin.azure({ tenantId: 'contoso' }))).toContain('is not an id of Entra ID');
    expect(refusal(() => CredentialPlugin.eks({ clusterName: 'prod', region: 'Frankfurt' }))).toContain('is not a region');
    expect(refusal(() => CredentialPlugin.eks({ clusterName: '--profile', region: 'eu-central-1' }))).toContain('begins with a dash');
    expect(refusal(() => CredentialPlugin.eks({ clusterName: 'prod', region: 'eu-central-1', roleArn: 'arn:aws:iam::1:user/x' }))).toContain('is not the ARN of a role');
    expect(refusal(() => CredentialPlugin.kubelogin({ issuerUrl: 'http://x', clientId: 'kubectl' }))).toContain('is not HTTPS');
    expect(refusal(() => CredentialPlugin.kubelogin({ issuerUrl: 'https://x', clientId: 'kubectl', scopes: ['a b'] }))).toContain('scopes[0]');
  });
  it('a login by secure-debug that sends its code elsewhere, or turns its own checks off', () => {
    const login = (more: object) => refusal(() => CredentialPlugin.secureDebug({ issuerUrl: 'https://login.example.com', clientId: 'kubectl', ...more }));
    for (const redirectUrl of ['http://evil.example.com', 'https://localhost:8000', 'http://localhost.evil.example.com', 'http://127.0.0.1@evil.example.com', 'http://localhost:8000/?next=x', 'localhost', '']) {
      expect(login({ redirectUrl })).toContain('redirectUrl = ');
    }
    for (const name of ['state', 'nonce', 'redirect_uri', 'code_challenge', 'code_challenge_method', 'client_secret', 'response_mode', 'scope', 'a b', '']) {
      expect(login({ parameters: { [name]: 'x' } })).toContain(`parameters = "${name}" is`);
    }
    expect(login({ parameters: { acr_values: '' } })).toContain('parameters.acr_values = "" is empty');
    expect(login({ parameters: { id_token_hint: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.x' } })).toContain('is a secret');
    expect(login({ deviceCode: true, openBrowser: true })).toContain('openBrowser = true is for a browser on this computer');
    expect(login({ deviceCode: true, redirectUrl: 'http://localhost:8000' })).toContain('redirectUrl = ');
    expect(login({ issuerUrl: 'http://login.example.com' })).toContain('is not HTTPS');
    expect(login({ clientId: '--browser' })).toContain('clientId');
    expect(login({ scopes: ['a b'] })).toContain('scopes[0]');
    expect(helperRefused({ args: 'x' })).toContain('is not a list');
    expect(helperRefused({ env: { 'a-b': 'x' } })).toContain('is not the name of an environment variable');
  });
});
