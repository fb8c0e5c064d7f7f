import { existsSync, mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { constants, runInThisContext } from 'vm';
import { App, Chart, Duration } from 'cdk8s';
import type Puppeteer from 'puppeteer-core';
import { Browser } from './login-browser';
import { Desk } from './login-desk';
import { build, demolish, install, secureDebug } from './program';
import {
  AccessRequestPolicy, AuthenticationConfiguration, ControlPlane, HardwareKey, JustInTimeAccess, OnCallDebugAccess, SecureDebugLoginProps,
  TokenIssuer,
} from '../../../src';
import { bearer, whoAmI } from '../credentials/helpers';
import { claimsOf, Issuers, logIn, startIssuers } from '../credentials/issuer';
import { bootControlPlane } from '../credentials/own-control-plane';
import { Cluster, scratch, testIf, theCluster } from '../lab/cluster';
import { apply } from '../lab/kubectl';
import { eventually } from '../lab/process';
import { namespace } from '../lab/targets';

const given = theCluster();
const folder = scratch(given, 'cli-login');
const NAMESPACE = 'sd-cli-login';
const CHROMIUM = '/usr/bin/chromium';
const verified = (name: string, groups?: string[]) => ({ email: `${name}@example.com`, email_verified: true, ...groups && { groups } });
const accounts = {
  alice: { claims: verified('alice', ['oncall-payments', 'staff']), amr: ['hwk'] },
  bob: { claims: verified('bob'), amr: ['hwk'] },
  eve: { claims: verified('eve', ['oncall-payments']), amr: ['pwd'] },
};

/** Which tokens are accepted stands in a file that the API server is started with. */
const it = testIf(given.own, 'needs an API server of its own');
const inBrowser = testIf(given.own && existsSync(CHROMIUM), given.own ? `needs ${CHROMIUM}` : 'needs an API server of its own');

let issuers: Issuers;
let cluster: Cluster;
let stop: (() => Promise<unknown>) | undefined;

beforeAll(async () => {
  if (!given.own) return;
  [issuers] = await Promise.all([
    startIssuers(join(folder, 'issuers'), {
      people: { idTokenSeconds: 600, refreshSeconds: 3_600, accounts },
      // Tokens of eleven seconds are handed out for one; each use after that is a refresh.
      brief: { idTokenSeconds: 20, refreshSeconds: 3_600, accounts },
      briefest: { idTokenSeconds: 11, refreshSeconds: 2, accounts },
      patient: { idTokenSeconds: 86_400, accounts },
    }),
    build(),
  ]);
  install(join(folder, 'bin'));
  const common = { certificateAuthority: issuers.authority, audiences: ['kubectl'], groups: ['oncall-payments'], maxTokenLife: Duration.minutes(15) };
  const own = Object.entries(issuers.named).map(([name, { url }]) => new TokenIssuer({
    ...common, issuerUrl: url, ...name === 'people' ? { hardwareKey: HardwareKey.amr('hwk') } : { usernamePrefix: `${name}:` },
  }));
  const plane = new ControlPlane({ clusterVersion: given.version });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'authentication.yaml'), new AuthenticationConfiguration(plane, 'login', { issuers: own }).toYaml());
  ({ cluster, stop } = await bootControlPlane(given, join(folder, 'plane'), join(folder, 'authentication.yaml')));
  const chart = new Chart(new App(), 'access');
  const group = own[0].group('oncall-payments');
  new OnCallDebugAccess(chart, 'oncall', { namespace: NAMESPACE, subjects: [group] });
  new AccessRequestPolicy(chart, 'requests');
  new JustInTimeAccess(chart, 'more', { namespace: NAMESPACE, requests: { requesters: [group.name], autoApprove: [group.name], approvers: ['leads'] } });
  await apply(cluster, [namespace(NAMESPACE), { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'ledger', namespace: NAMESPACE }, spec: { containers: [{ name: 'c', image: 'none:1' }] } }]);
  await apply(cluster, chart.toJson());
  await eventually('the API server to have the keys of the issuers', async () => {
    const token = await logIn(issuers.named.people, issuers.authority, 'alice');
    return (await whoAmI(await bearer(cluster, token))).status === 201 || undefined;
  }, 90_000);
}, 400_000);
afterAll(async () => {
  demolish();
  await stop?.();
  issuers?.stop();
}, 120_000);

/** A desk with the kubeconfig that everybody of an issuer gets. */
const deskAt = (issuer: string, more?: Partial<SecureDebugLoginProps>) => Desk.at({ cluster, issuers, folder, namespace: NAMESPACE }, issuer, more);

const user = (name: string, prefix = 'oidc:') => ({ code: 0, stdout: `${prefix}${name}@example.com`, stderr: '' });
const WHO = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'];

describe('login', () => {
  it('of the context\'s issuer, then kubectl and secure-debug go on by themselves', async () => {
    const desk = await deskAt('people');
    expect(await desk.logIn('alice')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Logged in as alice@example\.com at https:\S+, until .* left\); renewed by itself for up to 12h\.\n/) });
    expect(await desk.kubectl(...WHO)).toMatchObject(user('alice'));
    expect(await desk.kubectl('auth', 'can-i', 'create', 'pods', '--subresource=exec')).toMatchObject({ code: 0, stdout: 'yes\n' });
    // It is let in by its group; the pod runs nowhere.
    expect((await desk.kubectl('exec', 'ledger', '--', 'id')).stderr).toContain('pod ledger does not have a host assigned');
    expect((await desk.kubectl('get', 'secrets')).stderr).toContain('User "oidc:alice@example.com" cannot list resource "secrets"');
    expect(await desk.secureDebug(['status'])).toMatchObject({ code: 0, stdout: expect.stringContaining('You are oidc:alice@example.com, in oidc:oncall-payments') });
  });
  it('of somebody without the group opens no exec', async () => {
    const desk = await deskAt('people');
    expect(await desk.logIn('bob')).toMatchObject({ code: 0, stdout: expect.stringContaining('note: The token has no claim groups') });
    expect((await desk.kubectl('exec', 'ledger', '--', 'id')).stderr).toContain('User "oidc:bob@example.com" cannot get resource "pods"');
  });
  it('by a code that is typed on another device', async () => {
    const desk = await deskAt('people', { deviceCode: true, openBrowser: undefined, parameters: { login_hint: 'alice' } });
    let typed: Promise<unknown> | undefined;
    const ended = await desk.secureDebug(['login'], {
      until: (_, stderr) => {
        const [, page, code] = /^ {2}(https:\S+)\nand type the code (\S+)\.\n/m.exec(stderr) ?? [];
        if (code && !typed) typed = new Browser(issuers.authority).typeCode(page, code);
        return false;
      },
    });
    await typed;
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining('Logged in as alice@example.com'), stderr: expect.stringContaining('Type no code that somebody else sent you') });
    expect(await desk.kubectl(...WHO)).toMatchObject(user('alice'));
  });
  inBrowser('in a real browser', async () => {
    // Jest cannot load modules of its kind.
    const { launch } = await runInThisContext('import(\'puppeteer-core\')', { importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER, filename: __filename }) as typeof Puppeteer;
    const desk = await deskAt('people', { parameters: { login_hint: 'alice' } });
    let shown: Promise<string> | undefined;
    const browser = await launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'], acceptInsecureCerts: true });
    try {
      const ended = await desk.secureDebug(['login'], {
        until: (_, stderr) => {
          const [, address] = /^ {2}(https:\S+)\n/m.exec(stderr) ?? [];
          shown ??= address && browser.newPage().then(async page => {
            await page.goto(address);
            return page.$eval('p', text => text.textContent ?? '');
          }) || undefined;
          return false;
        },
      });
      expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining('Logged in as alice@example.com') });
      expect(await shown).toBe('Logged in as alice@example.com. You can close this page, and go on in the terminal.');
    } finally {
      await browser.close();
    }
  });
});

describe('kubectl with secure-debug as its plug-in', () => {
  it('without a login and without a terminal says what to type', async () => {
    const desk = await deskAt('people');
    const { code, stdout, stderr } = await desk.kubectl(...WHO);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('error: You are not logged in, and there is no terminal to ask you to. Fix: secure-debug login, with the --kubeconfig and --context of this command.');
  });
  it('logs in from a terminal, though standard input is a manifest', async () => {
    const desk = await deskAt('people');
    const line = 'echo \'{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}\' | kubectl create --validate=false -f - -o "jsonpath={.status.userInfo.username}"';
    const { code, stdout } = await desk.inTerminal(line, desk.asking('alice'));
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^To log in, open\r\n {2}https:\S+\r\noidc:alice@example\.com$/) });
  });
  it('two at once in terminals open one page', async () => {
    const desk = await deskAt('people');
    const pages: string[] = [];
    const ended = await Promise.all([1, 2].map(() => desk.inTerminal(`kubectl ${WHO.slice(0, 2).join(' ')}`, desk.asking('alice', pages))));
    expect(ended.map(({ code, stdout }) => [code, stdout.includes('oidc:alice@example.com')])).toEqual([[0, true], [0, true]]);
    expect(pages).toHaveLength(1);
  });
  it('renews what has ended, without a terminal; several at once use the refresh token once', async () => {
    const desk = await deskAt('brief');
    await desk.logIn('alice');
    const first = desk.login;
    await eventually('the token to be used up', async () => Date.now() > first.expiresAt - 10_000 || undefined);
    const ended = await Promise.all([1, 2, 3].map(() => desk.kubectl(...WHO)));
    for (const one of ended) expect(one).toMatchObject(user('alice', 'brief:'));
    const second = desk.login;
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(claimsOf(second.idToken).exp).toBeGreaterThan(claimsOf(first.idToken).exp);
    await eventually('that one to be used up', async () => Date.now() > second.expiresAt - 10_000 || undefined);
    expect(await desk.kubectl(...WHO)).toMatchObject(user('alice', 'brief:'));
  });
  it('whose refresh token has ended too says so', async () => {
    const desk = await deskAt('briefest');
    await desk.logIn('alice');
    const { loggedInAt } = desk.login;
    await eventually('the refresh token to end', async () => Date.now() > loggedInAt + 3_000 || undefined);
    expect(await desk.kubectl(...WHO)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('error: Your login has ended, and there is no terminal to ask you to. Fix: secure-debug login') });
    expect(await desk.secureDebug(['whoami'])).toMatchObject({ code: 1, stderr: 'error: You are not logged in. Fix: secure-debug login, with the --kubeconfig and --context of this command.\n' });
  });
});

describe('whoami', () => {
  it('shows both sides: what the API server knows, what the token says, and what was granted', async () => {
    const desk = await deskAt('people');
    await desk.logIn('alice');
    expect(await desk.secureDebug(['request', '--reason', 'the ledger is stuck', '--ticket', 'INC-42', '--for', '10m'])).toMatchObject({ code: 0 });
    const { code, stdout } = await desk.secureDebug(['whoami']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp([
      '^You are oidc:alice@example\\.com',
      '  groups {11}oidc:oncall-payments, system:authenticated',
      '  credential {7}token, until \\d\\d:\\d\\d:\\d\\d UTC.* \\(9m \\d+s left\\)',
      '  it says {10}alice@example\\.com of https:\\S+; groups oncall-payments, staff; amr hwk',
      '  not let through  staff',
      'Grants',
      '  sd-cli-login/debug-grant: active, until \\d\\d:\\d\\d:\\d\\d UTC on \\S+ \\((10m|9m \\d+s) left\\)\n$',
    ].join('\n')));
    expect(JSON.parse((await desk.secureDebug(['whoami', '--json'])).stdout)).toMatchObject({
      user: 'oidc:alice@example.com',
      groups: ['oidc:oncall-payments', 'system:authenticated'],
      credential: { kind: 'token', name: 'alice@example.com', groups: ['oncall-payments', 'staff'], dropped: ['staff'], amr: ['hwk'] },
      grants: [{ role: 'debug-grant', namespace: NAMESPACE, state: 'active' }],
      findings: [],
    });
    await desk.secureDebug(['withdraw', '--reason', 'done']);
  });
  it('says that no groups came', async () => {
    const desk = await deskAt('people', { scopes: ['email'] });
    await desk.logIn('alice');
    const { code, stdout } = await desk.secureDebug(['whoami']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/it says {10}alice@example.com of https:\S+; groups missing; amr hwk\n[^]*note: The token has no claim groups, [^\n]* Fix: ask for the scope that gives it \(--scope groups/);
  });
  it('says what is odd about a token that the API server refuses: too long a life', async () => {
    const desk = await deskAt('patient');
    expect((await desk.logIn('alice')).code).toBe(0);
    expect((await desk.kubectl(...WHO)).stderr).toContain('Unauthorized');
    expect(await desk.secureDebug(['whoami'])).toMatchObject({ code: 1, stdout: expect.stringMatching(/^The API server does not know you \(401\)\.\n[^]*note: The token lives for 1d; API servers of this project take an hour/) });
  });
  it('shows how somebody logged in who is refused for want of a hardware key', async () => {
    const desk = await deskAt('people');
    await desk.logIn('eve');
    expect(await desk.secureDebug(['whoami'])).toMatchObject({ code: 1, stdout: expect.stringMatching(/groups oncall-payments; amr pwd\n[^]*note: The token is of issuer https:\S+ for kubectl\. Fix: compare/) });
  });
  it('knows a certificate too', async () => {
    const admin = { name: 'desk-admin', groups: [], kubeconfig: cluster.kubeconfig };
    expect(await secureDebug(cluster, admin, ['whoami'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/credential {7}certificate O=system:masters, CN=\S+, until .* left\)/) });
  });
});

it('logout: kubectl asks for a login again, and a copy of the refresh token is worth nothing', async () => {
  const desk = await deskAt('people');
  await desk.logIn('alice');
  const { idToken } = desk.login;
  expect(await desk.secureDebug(['logout'])).toMatchObject({
    code: 0, stdout: expect.stringMatching(/^Logged out alice@example\.com of https:\S+, and the refresh token was revoked there\.\n {2}A token cannot be taken back: whoever has a copy is let in until .* \(9m \d+s\)\.\n/),
  });
  expect((await desk.kubectl(...WHO)).stderr).toContain('You are not logged in');
  // As it says.
  expect(await whoAmI(await bearer(cluster, idToken))).toMatchObject({ status: 201 });
});
