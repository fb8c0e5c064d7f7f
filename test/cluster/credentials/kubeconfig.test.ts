import { mkdirSync } from 'fs';
import { join } from 'path';
import { endpoint, fakePlugin, kubectlWith } from './helpers';
import { AzureLogin, CredentialPlugin, KubeconfigCluster, OidcKubeconfig, PluginInteraction } from '../../../src';
import { scratch, theCluster } from '../lab/cluster';
import { apply, asAdmin } from '../lab/kubectl';
import { namespace, remove } from '../lab/targets';

const cluster = theCluster();
const clients = Object.keys(cluster.clients);
const folder = scratch(cluster, 'kubeconfigs');
const NAMESPACE = 'sd-kubeconfig';

const PLUGINS: [string, string, CredentialPlugin, string[]][] = [
  ['kubelogin', 'kubectl-oidc_login', CredentialPlugin.kubelogin({ issuerUrl: 'https://login.example.com', clientId: 'kubectl' }),
    ['get-token', '--oidc-issuer-url=https://login.example.com', '--oidc-client-id=kubectl', '--oidc-extra-scope=email', '--oidc-extra-scope=groups']],
  ['secure-debug', 'secure-debug', CredentialPlugin.secureDebug({ issuerUrl: 'https://login.example.com', clientId: 'kubectl' }),
    ['credential', '--issuer=https://login.example.com', '--client-id=kubectl', '--scope=email', '--scope=groups', '--browser']],
  ['Azure', 'kubelogin', CredentialPlugin.azure({ tenantId: '11111111-2222-3333-4444-555555555555', login: AzureLogin.INTERACTIVE }),
    ['get-token', '--environment', 'AzurePublicCloud', '--login', 'interactive', '--server-id', '6dae42f8-4368-4678-94ff-3960e28e3630',
      '--tenant-id', '11111111-2222-3333-4444-555555555555', '--client-id', '80faf920-1908-4b52-b5ef-a8e7bedfc67a']],
  ['EKS', 'aws', CredentialPlugin.eks({ clusterName: 'prod', region: 'eu-central-1', profile: 'oncall' }),
    ['--region', 'eu-central-1', 'eks', 'get-token', '--cluster-name', 'prod', '--output', 'json']],
  ['GKE', 'gke-gcloud-auth-plugin', CredentialPlugin.gke(), []],
  ['a helper of one\'s own', 'cred-helper', CredentialPlugin.helper({
    command: 'cred-helper', args: ['--cluster=prod', '--ttl=30m'], installHint: 'Ask in #platform for cred-helper', interaction: PluginInteraction.NEVER, provideClusterInfo: true,
  }), ['--cluster=prod', '--ttl=30m']],
];

let here: Omit<KubeconfigCluster, 'name'>;
let token: string;

function written(name: string, config: OidcKubeconfig): string {
  const path = join(folder, `${name}.yaml`);
  config.write(path);
  return path;
}

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  here = await endpoint(cluster);
  await apply(cluster, [namespace(NAMESPACE), { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'plugin', namespace: NAMESPACE } }]);
  token = (await asAdmin(cluster, ['create', 'token', 'plugin', '-n', NAMESPACE])).trim();
});
afterAll(() => remove(cluster, [NAMESPACE]));

describe.each(clients)('kubectl %s', client => {
  test.each(PLUGINS)('with the plugin for %s: loads the file, runs the program, and uses what it prints', async (name, program, plugin, args) => {
    const file = written(`${program}-${client}`, new OidcKubeconfig({ clusters: [{ name: 'prod', ...here }], plugin }));
    const view = await kubectlWith(cluster, file, ['config', 'view', '--raw', '-o', 'json'], [], client);
    expect(view).toMatchObject({ code: 0, stderr: '' });
    const { users: [{ user: { exec } }], ...rest } = JSON.parse(view.stdout);
    expect(exec).toMatchObject({ command: plugin.command, installHint: expect.stringMatching(name.includes('helper') ? /cred-helper/ : /Install/i) });
    expect(rest['current-context']).toBe('prod');

    const fake = fakePlugin(join(folder, `bin-${program}-${client}`), program, token);
    // From 1.28 on; it asks the API server, so the token has arrived.
    const who = await kubectlWith(cluster, file, ['auth', 'whoami', '-o', 'json'], [fake.folder], client);
    expect(who).toMatchObject({ code: 0 });
    expect(JSON.parse(who.stdout).status.userInfo.username).toBe(`system:serviceaccount:${NAMESPACE}:plugin`);
    const called = fake.calledWith();
    expect(called.args).toEqual(args);
    expect(called.info.spec.interactive).toBe(false);
    expect(called.info.spec.cluster?.server).toBe(['GKE', 'a helper of one\'s own'].includes(name) ? here.server : undefined);
  });

  test('without the program, the new colleague is told what to do', async () => {
    const plugin = CredentialPlugin.helper({ command: 'secure-debug-missing', installHint: 'Ask in #platform for secure-debug-missing' });
    const file = written(`missing-${client}`, new OidcKubeconfig({ clusters: [{ name: 'prod', ...here }], plugin }));
    const ended = await kubectlWith(cluster, file, ['get', 'namespaces'], [], client);
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toContain('Ask in #platform for secure-debug-missing');
  });

  test('of a fleet, none is used unless it is named', async () => {
    const plugin = CredentialPlugin.helper({ command: 'cred-helper', installHint: 'Ask in #platform' });
    const file = written(`fleet-${client}`, new OidcKubeconfig({
      plugin,
      clusters: [
        { name: 'prod', ...here, namespace: 'payments' }, { name: 'staging', server: 'https://staging.example.com' }, { name: 'cloud', ...here, plugin: CredentialPlugin.gke() },
      ],
    }));
    const [names, current] = await Promise.all([
      kubectlWith(cluster, file, ['config', 'get-contexts', '-o', 'name'], [], client), kubectlWith(cluster, file, ['config', 'current-context'], [], client),
    ]);
    expect(names.stdout.trim().split('\n')).toEqual(['cloud', 'prod', 'staging']);
    expect(current).toMatchObject({ code: 1, stderr: expect.stringContaining('current-context is not set') });
    const fake = fakePlugin(join(folder, `bin-fleet-${client}`), 'cred-helper', token);
    const view = await kubectlWith(cluster, file, ['--context', 'prod', 'auth', 'whoami', '-o', 'json'], [fake.folder], client);
    expect(JSON.parse(view.stdout).status.userInfo.username).toContain('plugin');
  });
});
