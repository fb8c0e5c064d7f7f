import { App, Chart, Duration } from 'cdk8s';
import { AUTHORITY } from './authorities';
import { HardwareKey, OnCallDebugAccess, TokenIssuer, TokenIssuerProps } from '../../src';
import { refusal } from '../private/refusal';

const GOOD: TokenIssuerProps = { issuerUrl: 'https://login.example.com', audiences: ['kubectl'], groups: ['oncall-payments'] };
const issuer = (more: Partial<TokenIssuerProps> = {}) => new TokenIssuer({ ...GOOD, ...more });
const refused = (more: object) => refusal(() => issuer(more as Partial<TokenIssuerProps>));
const rules = (more: Partial<TokenIssuerProps> = {}): string[] => issuer(more).toManifest().claimValidationRules.map((rule: any) => rule.expression);
const groupsOf = (more: Partial<TokenIssuerProps>): string => issuer(more).toManifest().claimMappings.groups.expression;

describe('what is believed of a token', () => {
  it('by default: verified e-mail, an hour, and the groups of the list', () => {
    expect(issuer().toManifest()).toEqual({
      issuer: { url: 'https://login.example.com', audiences: ['kubectl'], audienceMatchPolicy: 'MatchAny' },
      claimValidationRules: [
        { expression: 'claims.?email_verified.orValue(false) == true', message: 'the e-mail address is not verified, so it may be somebody else\'s' },
        { expression: 'has(claims.iat) && claims.exp - claims.iat <= 3600', message: 'the token lives longer than 3600 s' },
      ],
      claimMappings: {
        username: { claim: 'email', prefix: 'oidc:' },
        groups: { expression: 'dyn(type(claims.?groups.orValue([])) == list ? claims.?groups.orValue([]) : [claims.groups]).filter(g, g in ["oncall-payments"]).map(g, "oidc:" + g)' },
      },
      userValidationRules: [
        { expression: 'user.username != "oidc:"', message: 'the person has no name' },
        { expression: '!user.username.matches("[\\\\p{C}\\\\p{Z}]")', message: 'the name has blanks or invisible characters, so it may look like another' },
        { expression: '!user.username.startsWith("system:")', message: 'the name is one of Kubernetes\' own' },
        { expression: 'user.?groups.orValue([]).all(g, !g.startsWith("system:"))', message: 'a group is one of Kubernetes\' own' },
      ],
    });
  });
  it('an e-mail address that is not the name need not be verified', () => expect(rules({ usernameClaim: 'sub' })).toEqual(['has(claims.iat) && claims.exp - claims.iat <= 3600']));
  it('a hardware key, by amr, acr or another claim', () => {
    expect(rules({ hardwareKey: HardwareKey.amr() })[2]).toBe('dyn(type(claims.?amr.orValue([])) == list ? claims.?amr.orValue([]) : [claims.amr]).exists(v, v in ["hwk"])');
    expect(rules({ hardwareKey: HardwareKey.acr() })[2]).toContain('v in ["phrh"]');
    expect(rules({ hardwareKey: HardwareKey.claim('acrs', 'c2', 'c1') })[2]).toContain('[claims.acrs]).exists(v, v in ["c1", "c2"])');
    expect(issuer({ hardwareKey: HardwareKey.claim('acrs', 'c2', 'c1') }).toManifest().claimValidationRules[2].message).toBe('no hardware key was used: the token lacks acrs c1 or c2');
  });
  it('claims of any name, and values of any text, stay data', () => {
    expect(rules({ requiredClaims: { 'https://example.com/org': 'a" || true || "', 'tid': '1', 'in': 'x' } }).slice(0, 3)).toEqual([
      'claims[?"https://example.com/org"].orValue("") == "a\\" || true || \\""', 'claims[?"in"].orValue("") == "x"', 'claims.?tid.orValue("") == "1"',
    ]);
    expect(groupsOf({ groupsClaim: 'https://example.com/groups' })).toContain('claims[?"https://example.com/groups"].orValue([])');
    expect(groupsOf({ groups: ['a"]) || true'] })).toContain('g in ["a\\"]) || true"]');
  });
  it('the same bytes, in whatever order it is written', () => {
    expect(issuer({ groups: ['b', 'a'], audiences: ['y', 'x'], requiredClaims: { b: '1', a: '2' } }).toManifest())
      .toEqual(issuer({ groups: ['a', 'b'], audiences: ['x', 'y'], requiredClaims: { a: '2', b: '1' } }).toManifest());
  });
  it('of a private authority, from another place, for a quarter of an hour', () => {
    const discoveryUrl = 'https://keys.example.com/.well-known/openid-configuration';
    const made = issuer({ certificateAuthority: `\n${AUTHORITY.replace(/\n/g, '\r\n')}`, discoveryUrl, maxTokenLife: Duration.minutes(15) });
    expect(made.toManifest().issuer).toMatchObject({ certificateAuthority: AUTHORITY, discoveryURL: discoveryUrl });
    expect(made.maxTokenLifeSeconds).toBe(900);
  });
  it('cannot be changed from outside', () => {
    const made = issuer();
    made.toManifest().claimValidationRules.pop();
    expect(made.toManifest().claimValidationRules).toHaveLength(2);
  });
});

describe('a group is bound by the name it has in Kubernetes', () => {
  const subject = (made: TokenIssuer) => new OnCallDebugAccess(new Chart(new App(), 'c'), 'x', { namespace: 'payments', subjects: [made.group('oncall-payments')] }).grants[0].subjects[0].name;
  it('with its prefix', () => expect(subject(issuer())).toBe('oidc:oncall-payments'));
  it('or without', () => expect(subject(issuer({ groupsPrefix: '' }))).toBe('oncall-payments'));
  it('one that does not come through is an error, not a binding that nobody has', () => {
    expect(refusal(() => issuer().group('oncall-search'))).toBe('TokenIssuer.group: name = "oncall-search" does not come through: the API server drops it. Fix: add it to groups of the TokenIssuer.');
  });
});

describe('refused is', () => {
  it.each(['system:', 'system:x:', 'SYSTEM:', 'system-'])('a prefix that makes names of Kubernetes: %s', usernamePrefix => {
    expect(refused({ usernamePrefix })).toContain('begins like Kubernetes\' own names');
    expect(refused({ groupsPrefix: usernamePrefix })).toContain('begins like Kubernetes\' own names');
  });
  it.each(['s', 'sys', 'syst', 'oidc'])('a prefix that runs into the name, so that "%s" and "tem:masters" could be one', usernamePrefix => {
    expect(refused({ usernamePrefix })).toContain('does not end with a sign such as ":"');
    expect(refused({ groupsPrefix: usernamePrefix })).toContain('does not end with a sign such as ":"');
  });
  it('no prefix of names, which could then be those of certificates', () => expect(refused({ usernamePrefix: '' })).toContain('usernamePrefix = "" is empty'));
  it.each(['system:masters', 'System:nodes'])('the group %s', group => expect(refused({ groups: [group] })).toContain('is a Kubernetes system group'));
  it('no group at all, which would be everybody or nobody', () => expect(refused({ groups: [] })).toContain('groups = [] is empty'));
  it('every group', () => expect(refused({ groups: ['*'] })).toContain('is a wildcard'));
  it('no audience, with which a token for any application would do', () => expect(refused({ audiences: [] })).toContain('audiences = [] is empty'));
  it.each([
    ['http://login.example.com', 'is not HTTPS'], ['https://a:b@login.example.com', 'contains a user or a password'], ['https://login.example.com?x', 'has a query or a fragment'],
    ['https://login.example.com#x', 'has a query or a fragment'], ['login.example.com', 'is not a URL'], ['', 'is empty'],
  ])('the issuer %s', (issuerUrl, problem) => {
    expect(refused({ issuerUrl })).toContain(problem);
    expect(refused({ issuerUrl })).not.toContain('a:b');
  });
  it.each([[Duration.seconds(59), 'is too short'], [Duration.hours(25), 'is too long'], [Duration.millis(90_500), 'is not a whole number']])('a life out of bounds', (maxTokenLife, problem) => {
    expect(refused({ maxTokenLife })).toContain(problem);
  });
  it.each(['iss', 'aud', 'exp', 'iat', 'email_verified'])('another check of %s, which would be weaker', claim => expect(refused({ requiredClaims: { [claim]: 'x' } })).toContain('is judged already'));
  it('a discovery document of another kind', () => {
    expect(refused({ discoveryUrl: 'https://keys.example.com' })).toContain('does not end with /.well-known/openid-configuration');
    expect(refused({ discoveryUrl: 'https://login.example.com/.well-known/openid-configuration' })).toContain('is where the API server looks anyway');
  });
  it('a key where a certificate belongs, and it is not shown', () => {
    const key = '-----BEGIN PRIVATE KEY-----\nMIG2\n-----END PRIVATE KEY-----\n';
    expect(refused({ certificateAuthority: AUTHORITY + key })).toContain('"(not shown)" contains a private key');
    expect(refused({ certificateAuthority: AUTHORITY + key })).not.toContain('MIG2');
  });
  it.each([['', 'is empty'], ['a certificate', 'is not a list of certificates'], [`${AUTHORITY}x`, 'is not a list'], [AUTHORITY.replace(/\n.*\n/, '\nAAAA\n'), 'no certificate']])('what is no certificate', (certificateAuthority, problem) => {
    expect(refused({ certificateAuthority })).toContain(problem);
  });
  it('a hardware key in words', () => expect(refused({ hardwareKey: 'hwk' })).toContain('is no HardwareKey'));
  it('a hardware key without a value, or with any', () => {
    expect(refusal(() => HardwareKey.claim('acrs'))).toContain('values = [] is empty');
    expect(refusal(() => HardwareKey.amr('*'))).toContain('is a wildcard');
    expect(refusal(() => HardwareKey.amr('hwk', 'hwk'))).toContain('is listed twice');
  });
});
