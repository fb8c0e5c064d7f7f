import { createHmac, createPublicKey } from 'crypto';
import { readFileSync, writeFileSync } from 'fs';
import { join } from 'path';
import { App, Chart, Duration } from 'cdk8s';
import { bearer, endpoint, fakePlugin, kubectlWith, whoAmI } from './helpers';
import { claimsOf, Issuer, Issuers, logIn, signed, startIssuers, unsigned } from './issuer';
import { bootControlPlane } from './own-control-plane';
import { AuthenticationConfiguration, ControlPlane, CredentialPlugin, HardwareKey, OidcKubeconfig, OnCallDebugAccess, TokenIssuer } from '../../../src';
import { Cluster, scratch, testIf, theCluster } from '../lab/cluster';
import { apply, kubectl, Person } from '../lab/kubectl';
import { eventually } from '../lab/process';
import { namespace } from '../lab/targets';
import { openStream } from '../lab/verdict';

const given = theCluster();
const folder = scratch(given, 'login');
const NAMESPACE = 'sd-login';
const PARTNER_GROUPS = 'https://partners.example.com/groups';
const verified = (name: string, groups: string[]) => ({ email: `${name}@example.com`, email_verified: true, groups });

/** It has to be started with a file. */
const it = testIf(given.own, 'needs an API server of its own');

let issuers: Issuers;
let cluster: Cluster;
let stop: (() => Promise<unknown>) | undefined;
let people: Issuer;
let partners: Issuer;

const now = () => Math.floor(Date.now() / 1000);
/** What a good token of alice has. */
const alice = (more: object = {}) => ({ iss: people.url, aud: 'kubectl', sub: 'alice', ...verified('alice', ['oncall-payments', 'staff']), amr: ['hwk'], iat: now(), exp: now() + 600, ...more });
const partner = (more: object = {}) => ({ iss: partners.url, aud: 'partner-kubectl', sub: 'carol', org: 'example', [PARTNER_GROUPS]: ['oncall-partners'], iat: now(), exp: now() + 600, ...more });

const ask = async (token: string) => whoAmI(await bearer(cluster, token));
async function refused(token: string) {
  expect(await ask(token)).toMatchObject({ status: 401 });
}
async function taken(token: string) {
  const { status, body } = await ask(token);
  expect(status).toBe(201);
  const { username, groups } = body.status.userInfo;
  return { username, groups: groups.filter((group: string) => group !== 'system:authenticated') };
}

/** The configuration of the suite, by its issuers. */
function configuration(own: TokenIssuer[]): string {
  const plane = new ControlPlane({ clusterVersion: given.version });
  return new AuthenticationConfiguration(plane, 'login', { issuers: own }).toYaml();
}
let ours: TokenIssuer[];

beforeAll(async () => {
  if (!given.own) return;
  issuers = await startIssuers(join(folder, 'issuers'), {
    people: {
      idTokenSeconds: 600,
      accounts: {
        alice: { claims: verified('alice', ['oncall-payments', 'staff']), amr: ['hwk'] },
        bob: { claims: verified('bob', ['staff']), amr: ['hwk'] },
        eve: { claims: verified('eve', ['oncall-payments']), amr: ['pwd'] },
        mallory: { claims: { ...verified('mallory', ['oncall-payments']), email_verified: false }, amr: ['hwk'] },
      },
    },
    patient: { idTokenSeconds: 86_400, accounts: { alice: { claims: verified('alice', ['oncall-payments']), amr: ['hwk'] } } },
    partners: { idTokenSeconds: 600, accounts: {} },
    strangers: { idTokenSeconds: 600, accounts: { alice: { claims: verified('alice', ['oncall-payments']), amr: ['hwk'] } } },
  });
  ({ people, partners } = issuers.named);
  const hardwareKey = HardwareKey.amr('hwk');
  const common = { certificateAuthority: issuers.authority, audiences: ['kubectl'], groups: ['oncall-payments', 'oncall-search'], maxTokenLife: Duration.minutes(15) };
  ours = [
    new TokenIssuer({ ...common, issuerUrl: people.url, hardwareKey }),
    new TokenIssuer({ ...common, issuerUrl: issuers.named.patient.url, usernamePrefix: 'patient:' }),
    new TokenIssuer({
      ...common,
      issuerUrl: partners.url,
      audiences: ['partner-kubectl', 'partner-web'],
      groups: ['oncall-partners'],
      groupsClaim: PARTNER_GROUPS,
      groupsPrefix: '',
      usernameClaim: 'sub',
      usernamePrefix: 'partner:',
      requiredClaims: { org: 'example' },
    }),
  ];
  writeFileSync(join(folder, 'authentication.yaml'), configuration(ours));
  ({ cluster, stop } = await bootControlPlane(given, join(folder, 'plane'), join(folder, 'authentication.yaml')));
  const chart = new Chart(new App(), 'access');
  new OnCallDebugAccess(chart, 'oncall', { namespace: NAMESPACE, subjects: [ours[0].group('oncall-payments')] });
  await apply(cluster, [namespace(NAMESPACE)]);
  await apply(cluster, chart.toJson());
  await eventually('the API server to have the keys of the issuers', async () => {
    const asked = await Promise.all([ask(signed(people, alice())), ask(signed(partners, partner()))]);
    return asked.every(({ status }) => status === 201) || undefined;
  }, 90_000);
}, 400_000);
afterAll(async () => {
  await stop?.();
  issuers?.stop();
}, 120_000);

describe('who logs in', () => {
  it('is known by verified e-mail and debug groups; other groups are dropped', async () => {
    const token = await logIn(people, issuers.authority, 'alice');
    expect(claimsOf(token)).toMatchObject({ aud: 'kubectl', amr: ['hwk'], groups: ['oncall-payments', 'staff'] });
    expect(await taken(token)).toEqual({ username: 'oidc:alice@example.com', groups: ['oidc:oncall-payments'] });
  });
  it('gets what is bound to the group, in real kubectl by a kubeconfig without a secret', async () => {
    const fake = fakePlugin(join(folder, 'bin'), 'cred-helper', await logIn(people, issuers.authority, 'alice'));
    const file = join(folder, 'kubeconfig.yaml');
    const plugin = CredentialPlugin.helper({ command: 'cred-helper', args: ['--cluster=prod', '--ttl=30m'], installHint: 'Ask in #platform' });
    new OidcKubeconfig({ clusters: [{ name: 'prod', ...await endpoint(cluster), namespace: NAMESPACE }], plugin }).write(file);
    const asAlice = (...args: string[]) => kubectlWith(cluster, file, args, [fake.folder]);
    expect(await asAlice('auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}')).toMatchObject({ code: 0, stdout: 'oidc:alice@example.com' });
    expect(await asAlice('auth', 'can-i', 'create', 'pods', '--subresource=exec')).toMatchObject({ code: 0, stdout: 'yes\n' });
    expect(await asAlice('get', 'pods')).toMatchObject({ code: 0 });
    expect(await asAlice('get', 'secrets')).toMatchObject({ code: 1, stderr: expect.stringContaining('User "oidc:alice@example.com" cannot list resource "secrets"') });
    expect(fake.calledWith().args).toEqual(['--cluster=prod', '--ttl=30m']);
  });
  it('opens an exec only with the group', async () => {
    const path = `/api/v1/namespaces/${NAMESPACE}/pods/any/exec?command=id&stdout=true`;
    const exec = async (token: string) => (await openStream(await bearer(cluster, token), path)).verdict;
    expect(await exec(await logIn(people, issuers.authority, 'alice'))).toBe('passed');
    expect(await exec(await logIn(people, issuers.authority, 'bob'))).toBe('refused by RBAC');
  });
  it('without a debug group is nobody in particular', async () => {
    expect(await taken(await logIn(people, issuers.authority, 'bob'))).toEqual({ username: 'oidc:bob@example.com', groups: [] });
    expect(await taken(signed(people, alice({ groups: undefined })))).toEqual({ username: 'oidc:alice@example.com', groups: [] });
  });
  it('may have a single group, and a single way of logging in, without a list around it', async () => {
    expect(await taken(signed(people, alice({ groups: 'oncall-search', amr: 'hwk' })))).toEqual({ username: 'oidc:alice@example.com', groups: ['oidc:oncall-search'] });
  });
  it('of another issuer is another user, with the groups that are listed for it', async () => {
    expect(await taken(signed(partners, partner()))).toEqual({ username: 'partner:carol', groups: ['oncall-partners'] });
    expect(await taken(signed(partners, partner({ aud: ['partner-web', 'else'] })))).toMatchObject({ username: 'partner:carol' });
  });
});

describe('names of Kubernetes\' own', () => {
  it('system:masters as a group is dropped', async () => {
    for (const groups of [['system:masters'], ['system:masters', 'oncall-payments'], ['oidc:system:masters'], ['system:nodes', 'system:authenticated', 'system:serviceaccounts']]) {
      const { groups: through } = await taken(signed(people, alice({ groups })));
      expect(through).toEqual(groups.includes('oncall-payments') ? ['oidc:oncall-payments'] : []);
    }
  });
  it('system:masters as a group is dropped too where groups have no prefix', async () => {
    expect(await taken(signed(partners, partner({ [PARTNER_GROUPS]: ['system:masters', 'oncall-partners', 'oncall-payments'] })))).toEqual({ username: 'partner:carol', groups: ['oncall-partners'] });
  });
  it('a name that begins with system: stays a name of the issuer', async () => {
    for (const sub of ['system:kube-controller-manager', 'system:admin', ':system:admin', 'system:serviceaccount:kube-system:default']) {
      expect(await taken(signed(partners, partner({ sub })))).toMatchObject({ username: `partner:${sub}` });
    }
    const person = await bearer(cluster, signed(partners, partner({ sub: 'system:kube-controller-manager' })));
    expect((await openStream(person, '/api/v1/secrets', 'GET')).verdict).toBe('refused by RBAC');
  });
  it('a group that is almost one of the list is dropped', async () => {
    const groups = ['Oncall-Payments', ' oncall-payments', 'oncall-payments ', 'oncall-payments\n', 'oncall-payment', 'oncall-payments2', 'oidc:oncall-payments', 'оncall-payments', '*'];
    expect(await taken(signed(people, alice({ groups })))).toMatchObject({ groups: [] });
  });
  it('what is no group at all is dropped', async () => {
    expect(await taken(signed(people, alice({ groups: [1, null, ['oncall-payments'], { name: 'oncall-payments' }, 'oncall-search'] })))).toMatchObject({ groups: ['oidc:oncall-search'] });
  });
});

describe('refused is', () => {
  const login = (name: string, account: string) => it(name, async () => refused(await logIn(people, issuers.authority, account)));
  const forged = (name: string, more: () => object) => it(name, () => refused(signed(people, alice(more()))));

  login('a real login without a hardware key', 'eve');
  login('a real login with an e-mail address that is not verified', 'mallory');
  it('a real login at an issuer whose tokens live for a day', async () => {
    const token = await logIn(issuers.named.patient, issuers.authority, 'alice');
    expect(claimsOf(token).exp - claimsOf(token).iat).toBe(86_400);
    await refused(token);
  });
  it('a real login at an issuer that nobody named', async () => refused(await logIn(issuers.named.strangers, issuers.authority, 'alice')));

  forged('an expired token', () => ({ iat: now() - 700, exp: now() - 100 }));
  forged('a token that lives a second too long', () => ({ exp: now() + 901, iat: now() }));
  forged('a token that does not say when it was issued', () => ({ iat: undefined }));
  forged('a token that never ends', () => ({ exp: undefined }));
  forged('a token that is not valid yet', () => ({ nbf: now() + 3600 }));
  forged('a login that does not say how', () => ({ amr: undefined }));
  forged('a key that is no hardware', () => ({ amr: ['swk', 'pwd', 'mfa', 'hwk2', 'HWK'] }));
  forged('a token for another application', () => ({ aud: 'wiki' }));
  forged('a token for the application of another issuer', () => ({ aud: 'partner-kubectl' }));
  forged('an e-mail address of which nothing is said', () => ({ email_verified: undefined }));
  forged('"true" as a text', () => ({ email_verified: 'true' }));
  forged('a person without a name', () => ({ email: '' }));
  it('a name that looks like another by an invisible character, or has a line end', async () => {
    for (const sub of ['carol\u200b', 'ca\u00adrol', '\u202ecarol', 'carol\n', 'carol ', 'carol\u00a0', 'carol\u0000']) await refused(signed(partners, partner({ sub })));
  });
  forged('a token without an e-mail address', () => ({ email: undefined }));

  it('a token of a partner without the claim that is required', async () => {
    for (const org of [undefined, 'Example', 'example.com', ['example'], true]) await refused(signed(partners, partner({ org })));
  });
  it('a token that another configured issuer signed', () => refused(signed({ ...partners, jwk: { ...partners.jwk, kid: 'people' } }, alice())));
  it('a token that a stranger signed in the name of the issuer', () => refused(signed({ ...issuers.named.strangers, jwk: { ...issuers.named.strangers.jwk, kid: 'people' } }, alice())));
  it('a token whose issuer is almost the right one', async () => {
    for (const iss of [`${people.url}/`, people.url.replace('https', 'http'), people.url.toUpperCase()]) await refused(signed(people, alice({ iss })));
  });
  it('an unsigned token (alg none)', async () => {
    await refused(unsigned(alice()));
    await refused(`${unsigned(alice())}AAAA`);
  });
  it('the public key of the issuer used as a password (HS256)', async () => {
    const pem = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: people.jwk.x, y: people.jwk.y }, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const input = [{ alg: 'HS256', kid: 'people' }, alice()].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    await refused(`${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`);
  });
  it('a token that was changed after it was signed', async () => {
    const [header, , signature] = (await logIn(people, issuers.authority, 'bob')).split('.');
    await refused([header, Buffer.from(JSON.stringify(alice())).toString('base64url'), signature].join('.'));
  });
});

it('the reason of a refusal stands in the log of the API server, and nowhere else', async () => {
  const { body } = await ask(signed(people, alice({ amr: ['pwd'] })));
  expect(body).toMatchObject({ reason: 'Unauthorized', message: 'Unauthorized' });
  expect(readFileSync(join(folder, 'plane', 'log', 'kube-apiserver.log'), 'utf8')).toContain('no hardware key was used: the token lacks amr hwk');
});

describe('in time', () => {
  it('a token that was good is refused once it has expired', async () => {
    const person = await bearer(cluster, signed(people, alice({ exp: now() + 4 })));
    expect(await whoAmI(person)).toMatchObject({ status: 201 });
    const began = Date.now();
    await eventually('the token to be refused', async () => (await whoAmI(person)).status === 401 || undefined, 30_000);
    // The API server keeps an answer for ten seconds.
    expect(Date.now() - began).toBeLessThan(20_000);
  });
  it('a stream that was opened before goes on, while nothing new is let in', async () => {
    const person = await bearer(cluster, signed(people, alice({ exp: now() + 4 })));
    const seen: string[] = [];
    const watch = kubectl(cluster, person, ['get', 'pods', '-n', NAMESPACE, '--watch', '-o', 'name'], {
      timeout: 60_000,
      until: out => {
        seen.splice(0, seen.length, ...out.trim().split('\n'));
        return seen.includes('pod/late');
      },
    });
    await eventually('the token to be refused', async () => (await whoAmI(person)).status === 401 || undefined, 30_000);
    await apply(cluster, [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'late', namespace: NAMESPACE }, spec: { containers: [{ name: 'c', image: 'none:1' }] } }]);
    expect(await watch).toMatchObject({ satisfied: true });
    expect(await whoAmI(person)).toMatchObject({ status: 401 });
  });
  it('a broken file leaves the old one in force, and a changed one is read without a restart', async () => {
    const file = join(folder, 'authentication.yaml');
    const bob = async (): Promise<Person> => bearer(cluster, signed(partners, partner({ sub: 'bob', iat: now() - Math.floor(Math.random() * 200), [PARTNER_GROUPS]: ['newcomers'] })));
    writeFileSync(file, 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\njwt: [{}]\n');
    await new Promise(resolve => setTimeout(resolve, 3_000));
    expect(await whoAmI(await bob())).toMatchObject({ status: 201 });
    const changed = new TokenIssuer({
      issuerUrl: partners.url,
      audiences: ['partner-kubectl'],
      groups: ['newcomers'],
      groupsClaim: PARTNER_GROUPS,
      usernameClaim: 'sub',
      usernamePrefix: 'partner:',
      groupsPrefix: 'new:',
      certificateAuthority: issuers.authority,
    });
    writeFileSync(file, configuration([ours[0], changed]));
    await eventually('the new group to come through', async () => {
      const { status, body } = await whoAmI(await bob());
      return (status === 201 && body.status.userInfo.groups.includes('new:newcomers')) || undefined;
    }, 90_000);
  });
});
