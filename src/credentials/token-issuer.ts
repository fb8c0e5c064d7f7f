import { Duration } from 'cdk8s';
import { claimList, claimOr } from './claims';
import { HardwareKey } from './hardware-key';
import { literal, literals } from '../model/cel';
import { DebugSubject } from '../model/subject';
import { byCodeUnit, sortedUnique } from '../private/canonical';
import { reject } from '../private/errors';
import { httpsUrl } from '../private/https-url';
import { certificates } from '../private/pem';
import { each, groupName, noWildcard, seconds, text } from '../private/validate';

const where = 'TokenIssuer';
const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** Whose tokens are accepted, and what is believed of them. */
export interface TokenIssuerProps {
  /** URL of the issuer, as in the claim `iss`, e.g. `https://login.example.com`. The API server fetches its keys from there. */
  readonly issuerUrl: string;

  /** Whom the tokens must be for (`aud`): the client ids of kubectl's login. A token for another application is refused. */
  readonly audiences: string[];

  /**
   * The groups that come through, as they stand in the token. All others of a person are dropped, so whoever may name
   * groups at the issuer can give no right that is not meant for it.
   */
  readonly groups: string[];

  /**
   * The claim with the groups.
   *
   * @default groups
   */
  readonly groupsClaim?: string;

  /**
   * What stands before each group in Kubernetes: RBAC binds `oidc:oncall-payments`. It may be empty, since only the listed
   * groups come through.
   *
   * @default oidc:
   */
  readonly groupsPrefix?: string;

  /**
   * The claim with the person's name. With `email`, the token must say `email_verified: true`; where the issuer does not,
   * take one that it never gives to somebody else, such as `sub`.
   *
   * @default email
   */
  readonly usernameClaim?: string;

  /**
   * What stands before each name in Kubernetes. It ends with a sign such as ":", so that nobody can become `system:…`
   * or a user of another issuer by a clever name.
   *
   * @default oidc:
   */
  readonly usernamePrefix?: string;

  /**
   * The longest life of a token, from `iat` to `exp`: 1 minute to 24 hours, in whole seconds. A token cannot be taken
   * back, so this is how long somebody who was dismissed, or who stole one, goes on.
   *
   * @default Duration.hours(1)
   */
  readonly maxTokenLife?: Duration;

  /**
   * What in the token says that a hardware key was used; without it the token is refused.
   *
   * @default - not asked for
   */
  readonly hardwareKey?: HardwareKey;

  /**
   * Claims that must have exactly this value, such as `hd` of Google or `tid` of Entra ID.
   *
   * @default - none
   */
  readonly requiredClaims?: { [claim: string]: string };

  /**
   * Where the discovery document is, if not below `issuerUrl`: with /.well-known/openid-configuration.
   *
   * @default - `issuerUrl` + /.well-known/openid-configuration
   */
  readonly discoveryUrl?: string;

  /**
   * PEM of the authority that signed the issuer's certificate.
   *
   * @default - those that the API server's host trusts
   */
  readonly certificateAuthority?: string;
}

/** An issuer of tokens that the API server accepts: an entry of `jwt` in its AuthenticationConfiguration. */
export class TokenIssuer {
  /** URL of the issuer. */
  public readonly issuerUrl: string;
  /** Where its discovery document is, if not at the usual place. */
  public readonly discoveryUrl?: string;
  /** Names in Kubernetes of the groups that come through, sorted. */
  public readonly groups: string[];
  /** The claim with the person's name. */
  public readonly usernameClaim: string;
  /** What stands before each name. */
  public readonly usernamePrefix: string;
  /** The longest life of a token, in seconds. */
  public readonly maxTokenLifeSeconds: number;
  private readonly groupsPrefix: string;
  private readonly manifest: object;

  /**
   * @throws on a URL that is not HTTPS, no audience or group, a group or prefix that could be one of Kubernetes' own
   * (`system:…`), a claim that is checked otherwise, and a token life out of bounds
   */
  public constructor(props: TokenIssuerProps) {
    const { hardwareKey, groupsClaim = 'groups', usernameClaim = 'email' } = props;
    this.issuerUrl = httpsUrl(where, 'issuerUrl', props.issuerUrl, 'the issuer such as "https://login.example.com"');
    this.discoveryUrl = discovery(props.discoveryUrl, this.issuerUrl);
    const audiences = [...each(where, 'audiences', props.audiences, 'audience', (field, value) => text(where, field, noWildcard(where, field, value), 'a client id'))].sort(byCodeUnit);
    this.usernameClaim = claimName('usernameClaim', usernameClaim);
    claimName('groupsClaim', groupsClaim);
    this.usernamePrefix = prefix('usernamePrefix', props.usernamePrefix ?? 'oidc:');
    this.groupsPrefix = props.groupsPrefix === '' ? '' : prefix('groupsPrefix', props.groupsPrefix ?? 'oidc:');
    const groups = sortedUnique(each(where, 'groups', props.groups, 'group', (field, value) => groupName(where, field, value)));
    this.groups = groups.map(group => this.groupsPrefix + group);
    this.maxTokenLifeSeconds = seconds(where, 'maxTokenLife', props.maxTokenLife ?? Duration.hours(1), MINUTE, DAY);
    if (hardwareKey !== undefined && !(hardwareKey instanceof HardwareKey)) {
      reject({ where, field: 'hardwareKey', value: hardwareKey, problem: 'is no HardwareKey', fix: 'use HardwareKey.amr("hwk"), .acr("phrh") or .claim(…)' });
    }
    const required = Object.entries(props.requiredClaims ?? {}).sort(([a], [b]) => byCodeUnit(a, b));
    const authority = props.certificateAuthority === undefined ? undefined : certificates(where, 'certificateAuthority', props.certificateAuthority);

    this.manifest = {
      issuer: {
        url: this.issuerUrl,
        ...this.discoveryUrl !== undefined && { discoveryURL: this.discoveryUrl },
        ...authority !== undefined && { certificateAuthority: authority },
        audiences,
        // The API server wants it where there are several, and knows nothing else.
        audienceMatchPolicy: 'MatchAny',
      },
      claimValidationRules: [
        ...required.map(([claim, value]) => requirement(claim, value)),
        ...usernameClaim === 'email' ? [{
          expression: `${claimOr('email_verified', 'false')} == true`,
          message: 'the e-mail address is not verified, so it may be somebody else\'s',
        }] : [],
        {
          expression: `has(claims.iat) && claims.exp - claims.iat <= ${this.maxTokenLifeSeconds}`,
          message: `the token lives longer than ${this.maxTokenLifeSeconds} s`,
        },
        ...hardwareKey ? [{ expression: hardwareKey._expression, message: `no hardware key was used: the token lacks ${hardwareKey}` }] : [],
      ],
      claimMappings: {
        username: { claim: usernameClaim, prefix: this.usernamePrefix },
        groups: {
          expression: `${claimList(groupsClaim)}.filter(g, g in ${literals(groups)})${this.groupsPrefix && `.map(g, ${literal(this.groupsPrefix)} + g)`}`,
        },
      },
      userValidationRules: [
        // The API server takes an empty claim for a name.
        { expression: `user.username != ${literal(this.usernamePrefix)}`, message: 'the person has no name' },
        { expression: `!user.username.matches(${literal('[\\p{C}\\p{Z}]')})`, message: 'the name has blanks or invisible characters, so it may look like another' },
        { expression: '!user.username.startsWith("system:")', message: 'the name is one of Kubernetes\' own' },
        { expression: 'user.?groups.orValue([]).all(g, !g.startsWith("system:"))', message: 'a group is one of Kubernetes\' own' },
      ],
    };
  }

  /**
   * A group of the issuer as RBAC knows it, for the constructs that grant access.
   *
   * @param name as it stands in the token
   * @throws when it does not come through
   */
  public group(name: string): DebugSubject {
    const full = this.groupsPrefix + name;
    if (!this.groups.includes(full)) {
      reject({ where: `${where}.group`, field: 'name', value: name, problem: 'does not come through: the API server drops it', fix: 'add it to groups of the TokenIssuer' });
    }
    return DebugSubject.group(full);
  }

  /** As an entry of `jwt` in an AuthenticationConfiguration. */
  public toManifest(): any {
    return structuredClone(this.manifest);
  }
}

function claimName(field: string, value: string): string {
  return text(where, field, noWildcard(where, field, value), 'the name of a claim such as "sub"');
}

/** A prefix that makes no name one of Kubernetes' own, whatever follows it. */
function prefix(field: string, value: string): string {
  if (value === '') reject({ where, field, value, problem: 'is empty, so a name of the issuer could be that of a certificate or of Kubernetes itself', fix: 'write one such as "oidc:"' });
  text(where, field, noWildcard(where, field, value), 'a prefix such as "oidc:"', 64);
  if (/^system\b/i.test(value)) reject({ where, field, value, problem: 'begins like Kubernetes\' own names', fix: 'write one such as "oidc:"' });
  if (!/^[A-Za-z0-9][\w.@/:#-]*[:/#|-]$/.test(value)) {
    reject({ where, field, value, problem: 'does not end with a sign such as ":", so it runs into the name', fix: 'write one such as "oidc:"' });
  }
  return value;
}

function discovery(value: string | undefined, issuerUrl: string): string | undefined {
  if (value === undefined) return undefined;
  const field = 'discoveryUrl';
  httpsUrl(where, field, value, 'a URL such as "https://keys.example.com/.well-known/openid-configuration"');
  if (!value.endsWith('/.well-known/openid-configuration')) {
    reject({ where, field, value, problem: 'does not end with /.well-known/openid-configuration', fix: 'write the whole URL of the discovery document' });
  }
  if (value === `${issuerUrl.replace(/\/$/, '')}/.well-known/openid-configuration`) reject({ where, field, value, problem: 'is where the API server looks anyway', fix: 'leave it out' });
  return value;
}

/** Claims that are judged otherwise, and by what. */
const JUDGED: { [claim: string]: string } = {
  iss: 'issuerUrl', aud: 'audiences', exp: 'maxTokenLife', iat: 'maxTokenLife', nbf: 'maxTokenLife', email_verified: 'usernameClaim: "email"',
};

function requirement(claim: string, value: string): object {
  claimName('requiredClaims', claim);
  const by = JUDGED[claim];
  if (by) reject({ where, field: 'requiredClaims', value: claim, problem: 'is judged already', fix: `leave it out, and use ${by}` });
  text(where, `requiredClaims.${claim}`, value, 'the value that the claim must have');
  return { expression: `${claimOr(claim, '""')} == ${literal(value)}`, message: `the claim ${claim} is not ${value}` };
}
