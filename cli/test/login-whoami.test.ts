import { FakeCluster } from './fake-cluster';
import { CredentialPlugin } from '../../src';
import { changed, loginOf } from '../src/credentials/context-login';
import { compare, groupFindings } from '../src/credentials/findings';
import { settingsOf } from '../src/credentials/settings';
import { run } from '../src/program';

const ISSUER = 'https://login.example.com';
const now = () => Math.floor(Date.now() / 1_000);
const claims = (more: object = {}) => ({
  iss: ISSUER, aud: 'kubectl', sub: '1', email: 'alice@example.com', email_verified: true, amr: ['hwk'], groups: ['oncall-payments'], iat: now(), exp: now() + 600, ...more,
});
/** It is only shown here, so nobody has to have signed it. */
const token = (content: object) => ['{"alg":"none"}', JSON.stringify(content), 'x'].map(part => Buffer.from(part).toString('base64url')).join('.');

const cluster = new FakeCluster([{ name: 'oidc:alice@example.com', groups: ['oidc:oncall-payments', 'system:authenticated'] }, { name: 'nobody', groups: ['system:authenticated'] }]);
beforeAll(() => cluster.start());
afterAll(() => cluster.stop());
afterEach(() => {
  cluster.refuse = () => undefined;
  cluster.objects.clear();
  cluster.ahead = 0;
});

/** whoami by somebody whose kubeconfig says so much. */
async function whoAmI(options: object, args: string[] = [], person = 'oidc:alice@example.com') {
  let stdout = '';
  let stderr = '';
  let asked: any;
  const code = await run(['whoami', ...args], {
    stdout: { write: text => { stdout += text; } },
    stderr: { write: text => { stderr += text; } },
    env: {},
    connect: async how => {
      asked = how;
      const { port } = (cluster as any).server.address();
      return { server: `http://127.0.0.1:${port}`, namespace: 'payments', options: { ...options, headers: { 'x-user': person, ...(options as any).headers } } };
    },
    sleep: async () => undefined,
    unique: () => 'one',
  });
  return { code, stdout, stderr, asked };
}
const bearer = (content: object | string) => ({ headers: { Authorization: `Bearer ${typeof content === 'string' ? content : token(content)}` } });
const findings = async (...asked: Parameters<typeof whoAmI>) => JSON.parse((await whoAmI(asked[0], ['--json', ...asked[1] ?? []], asked[2])).stdout).findings.map(({ id }: any) => id);

describe('whoami', () => {
  test('asks for no login: who asks who they are wants to know', async () => {
    expect((await whoAmI(bearer(claims()))).asked).toEqual({ login: false });
    expect((await whoAmI(bearer(claims()), ['--context', 'prod', '--kubeconfig', 'x'])).asked).toEqual({ login: false, context: 'prod', kubeconfig: 'x' });
  });
  test('with all in order has nothing to note', async () => {
    const { code, stdout } = await whoAmI(bearer(claims()));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^You are oidc:alice@example\.com\n {2}groups {11}oidc:oncall-payments, system:authenticated\n {2}credential {7}token, until [^\n]* \(9m \d+s left\)\n {2}it says {10}alice@example\.com of https:\/\/login\.example\.com; groups oncall-payments; amr hwk\nGrants\n {2}None\.\n$/);
  });
  test('looks for grants everywhere, else in the namespace, else says that it may not', async () => {
    const binding = (namespace: string, requestedBy: string) => cluster.put(`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`, {
      kind: 'RoleBinding',
      metadata: {
        name: `debug-grant:${requestedBy}`,
        namespace,
        labels: { 'secure-debug.internal/request-for': 'debug-grant' },
        annotations: Object.fromEntries(Object.entries({
          'requested-by': requestedBy, 'request-reason': 'x', 'expires-at': new Date(Date.now() + 1_790_000).toISOString().replace(/\.\d+Z/, 'Z'),
        }).map(([name, value]) => [`secure-debug.internal/${name}`, value])),
      },
      roleRef: { name: 'debug-grant' },
      subjects: [{ kind: 'User', name: requestedBy }],
    });
    binding('payments', 'oidc:alice@example.com');
    binding('search', 'oidc:alice@example.com');
    binding('payments', 'nobody');
    const grants = async (...args: string[]) => JSON.parse((await whoAmI(bearer(claims()), ['--json', ...args])).stdout).grants?.map((one: any) => one.namespace);
    expect(await grants()).toEqual(['payments', 'search']);
    expect(await grants('-n', 'search')).toEqual(['search']);
    cluster.refuse = ({ path }) => path.endsWith('/v1/rolebindings') ? { status: 403, message: 'no' } : undefined;
    expect(await grants()).toEqual(['payments']);
    expect((await whoAmI(bearer(claims()))).stdout).toMatch(/Grants\n {2}payments\/debug-grant: \w+, until \S+ UTC on \S+ \(29m \d+s left\)\n$/);
    cluster.refuse = ({ path }) => path.endsWith('/rolebindings') ? { status: 403, message: 'no' } : undefined;
    expect(await grants()).toBeUndefined();
    expect((await whoAmI(bearer(claims()))).stdout).toContain('You may not list RoleBindings here, so they are unknown');
  });
  test('takes the groups from the claim that has them, or that is named', async () => {
    expect(await findings(bearer(claims({ groups: undefined, roles: ['oncall-payments'] })))).toEqual([]);
    expect(await findings(bearer(claims({ 'groups': undefined, 'https://example.com/groups': ['oncall-payments'] })))).toEqual([]);
    expect(await findings(bearer(claims({ groups: undefined, teams: ['oncall-payments'] })))).toEqual(['no-groups']);
    expect(await findings(bearer(claims({ groups: undefined, teams: ['oncall-payments'] })), ['--groups-claim', 'teams'])).toEqual([]);
  });
  test('shows which groups the API server does not know', async () => {
    const { stdout } = await whoAmI(bearer(claims({ groups: ['staff', 'oncall-payments', 'payments', 'system:masters'] })));
    expect(stdout).toContain('not let through  staff, payments, system:masters');
    expect(await findings(bearer(claims({ groups: ['staff'] })))).toEqual(['no-group-through']);
  });
  test('says that the clock is off, and judges ends by the API server\'s', async () => {
    cluster.ahead = 3_600_000;
    const { stdout } = await whoAmI(bearer(claims({ exp: now() + 3_600 + 600 })));
    expect(stdout).toMatch(/credential {7}token, until [^\n]*\((9m \d+s|10m) left\)/);
    expect(stdout).toMatch(/note: The clock of this computer is (1h|59m \d+s) behind that of the API server\. Fix: set it by NTP/);
    cluster.ahead = 5_000;
    expect((await whoAmI(bearer(claims()))).stdout).not.toContain('clock');
  });
  test('has no word about groups of a ServiceAccount, nor of a token that it cannot read', async () => {
    expect(await findings(bearer({ 'iss': 'https://kubernetes.default.svc', 'kubernetes.io': { namespace: 'x' }, 'exp': now() + 60 }))).toEqual([]);
    const { stdout } = await whoAmI(bearer('k8s-aws-v1.aHR0cHM6'));
    expect(stdout).toContain('  credential       token that only its issuer can read\nGrants');
    expect(await whoAmI({})).toMatchObject({ code: 0, stdout: expect.stringContaining('neither a token nor a certificate of the kubeconfig') });
  });
  test('what a token says is no command to a terminal', async () => {
    expect((await whoAmI(bearer(claims({ email: '\u001b[2Jalice', groups: ['\u202eoncall'], amr: ['\u0007'] })))).stdout).not.toMatch(/[\u001b\u202e\u0007]/);
  });
});

describe('whoami of somebody whom the API server does not know', () => {
  const refusedOf = async (content: object) => {
    const { code, stdout } = await whoAmI(bearer(content), [], 'stranger');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^The API server does not know you \(401\)\.\n/);
    return stdout;
  };
  test('says that the token has ended, and nothing else', async () => {
    const stdout = await refusedOf(claims({ iat: now() - 700, exp: now() - 125 }));
    expect(stdout).toMatch(/credential {7}token, ended at \d\d:\d\d:\d\d UTC/);
    expect(stdout.match(/note:.*/g)).toEqual([expect.stringMatching(/^note: Your token ended 2m \ds ago\. Fix: log in again, as for kubectl/)]);
  });
  test('by the API server\'s clock, where the one here is behind', async () => {
    cluster.ahead = 3_600_000;
    expect(await refusedOf(claims())).toMatch(/note: The clock of this computer is [^\n]* behind [^]*note: Your token ended (50m|49m \d+s) ago/);
  });
  test('says all that is odd about the token', async () => {
    const stdout = await refusedOf(claims({ email_verified: undefined, amr: undefined, exp: now() + 86_400, aud: ['wiki', 'mail'] }));
    expect(stdout.match(/^note: .{18}/gm)).toEqual(['note: The token lives for', 'note: The issuer does not', 'note: The token does not', 'note: The token is of iss'].map(text => text.slice(0, 24)));
    expect(stdout).toContain('is of issuer https://login.example.com for wiki, mail. Fix: compare that with issuerUrl and audiences');
  });
  test('as data, with exit status 1', async () => {
    const { code, stdout } = await whoAmI(bearer(claims()), ['--json'], 'stranger');
    expect({ code, data: JSON.parse(stdout) }).toMatchObject({ code: 1, data: { user: null, groups: null, grants: null, findings: [{ id: 'refused' }] } });
  });
});

describe('why a token gives no group', () => {
  const ids = (content: object) => groupFindings(content as any).map(({ id }) => id);
  test('too many for Entra ID (overage)', () => {
    expect(ids({ _claim_names: { groups: 'src1' }, _claim_sources: {} })).toEqual(['group-overage']);
    expect(ids({ hasgroups: true })).toEqual(['group-overage']);
    expect(groupFindings({ hasgroups: true })[0].text).toContain('choose "Groups assigned to the application", or app roles');
    expect(ids({ _claim_names: { other: 'src1' }, groups: ['a'] })).toEqual([]);
    expect(ids({ _claim_names: null, groups: ['a'] })).toEqual([]);
  });
  test('no scope, or no membership', () => {
    expect(ids({})).toEqual(['no-groups']);
    expect(ids({ groups: [] })).toEqual(['empty-groups']);
    expect(ids({ groups: 7 })).toEqual(['no-groups']);
    expect(ids({ groups: 'one' })).toEqual([]);
  });
  test.each([
    [['/oncall-payments'], 'turn off "Full group path"'],
    [['0f8fad5b-d9cb-469f-a165-70867728950e'], 'They are ids'],
    [['staff'], 'Its settings list other groups'],
  ])('%j that none of them comes through', (groups, text) => {
    const { dropped, findings: found } = compare({ groups }, ['system:authenticated']);
    expect(dropped).toEqual(groups);
    expect(found).toMatchObject([{ id: 'no-group-through', text: expect.stringContaining(text) }]);
  });
  test('a group counts as let through by its whole name, with any prefix', () => {
    const through = (known: string) => compare({ groups: ['ops'] }, [known]).dropped.length === 0;
    expect(['ops', 'oidc:ops', 'corp/ops', 'x#ops'].map(through)).toEqual([true, true, true, true]);
    expect(['devops', 'ops2', 'oidc:ops2', '', 'ops:'].map(through)).toEqual([false, false, false, false, false]);
  });
});

describe('the login of a kubeconfig', () => {
  test('is what CredentialPlugin.secureDebug wrote', () => {
    const { command, args } = CredentialPlugin.secureDebug({
      issuerUrl: ISSUER, clientId: 'kubectl', scopes: ['groups'], parameters: { acr_values: 'phrh=1 2', ui: 'de' }, redirectUrl: 'http://localhost:8000/back',
    });
    expect(settingsOf(loginOf({ command, args })!)).toEqual({
      issuer: ISSUER, clientId: 'kubectl', scopes: ['groups', 'openid'], parameters: { acr_values: 'phrh=1 2', ui: 'de' }, redirect: 'http://localhost:8000/back', deviceCode: false, browser: true,
    });
    const plain = CredentialPlugin.secureDebug({ issuerUrl: ISSUER, clientId: 'kubectl', scopes: [], deviceCode: true });
    expect(settingsOf(loginOf(plain)!)).toMatchObject({ scopes: ['openid'], deviceCode: true, browser: false, redirect: 'http://127.0.0.1' });
  });
  test('refuses the same parameters as the library, so that no kubeconfig fails only when it is used', () => {
    for (const name of ['client_id', 'client_secret', 'response_type', 'response_mode', 'redirect_uri', 'scope', 'state', 'nonce', 'code_challenge', 'code_challenge_method', 'request', 'request_uri']) {
      expect(() => CredentialPlugin.secureDebug({ issuerUrl: ISSUER, clientId: 'kubectl', parameters: { [name]: 'x' } })).toThrow('is made by each login itself');
      expect(() => settingsOf({ issuer: ISSUER, clientId: 'kubectl', param: [`${name}=x`] })).toThrow('is made by each login itself');
    }
  });
  test.each([['secure-debug'], ['/usr/local/bin/secure-debug'], ['C:\\bin\\secure-debug.exe'], ['kubectl-secure_debug']])('by the program %s', command => {
    expect(loginOf({ command, args: ['credential', '--issuer', ISSUER] })).toMatchObject({ issuer: ISSUER });
  });
  test('by kubectl, and not by other plug-ins', () => {
    expect(loginOf({ command: 'kubectl', args: ['secure-debug', 'credential', `--issuer=${ISSUER}`] })).toMatchObject({ issuer: ISSUER });
    for (const other of [{ command: 'kubectl', args: ['oidc-login', 'get-token'] }, { command: 'aws', args: ['credential'] }, { command: 'secure-debug', args: ['whoami'] }, { command: 'secure-debug' }, undefined, null]) {
      expect(loginOf(other)).toBeUndefined();
    }
  });
  test('with an argument that is unknown is wrong use', () => {
    expect(() => loginOf({ command: 'secure-debug', args: ['credential', '--client-secret=x'] })).toThrow('The kubeconfig calls secure-debug credential wrongly: Unknown option \'--client-secret\'. Fix: get the kubeconfig anew');
  });
  test('is changed by what the command line says', () => {
    const context = { issuer: ISSUER, clientId: 'kubectl', browser: true, redirect: 'http://localhost:8000' };
    expect(settingsOf(changed(context, { deviceCode: true }))).toMatchObject({ deviceCode: true, browser: false, redirect: 'http://127.0.0.1' });
    expect(settingsOf(changed({ issuer: ISSUER, clientId: 'kubectl', deviceCode: true }, { browser: true }))).toMatchObject({ deviceCode: false, browser: true });
    expect(settingsOf(changed(context, { scope: ['groups'], browser: undefined }))).toMatchObject({ scopes: ['groups', 'openid'], browser: true, redirect: 'http://localhost:8000' });
  });
});

