import { readFileSync } from 'fs';
import { parseCertificate, UserCertificate } from './certificate';
import { Config } from './config';
import { refuse } from './errors';
import { plain } from './text';

/** As whom the API server is asked. */
export interface Person {
  readonly user: string;
  readonly groups: string[];
  /** All groups of the certificate, also those that the gateway speaks for nobody about. */
  readonly claims: string[];
  readonly certificate: UserCertificate;
}

const USER = 'user:';
const GROUP = 'group:';

/**
 * Who logged in: what the certificate says that sshd accepted, as sshd writes it down for this session alone (ExposeAuthInfo).
 * Nothing that the client sends beside it counts.
 */
export function thePerson(config: Config, env: NodeJS.ProcessEnv): Person {
  const file = env.SSH_USER_AUTH;
  if (!file) refuse('sshd did not say who logged in. Fix: set ExposeAuthInfo yes, as the gateway\'s own configuration does.');
  const line = readFileSync(file!, 'utf8').split('\n').find(one => one.startsWith('publickey '));
  const [, type = '', base64 = ''] = line?.split(' ') ?? [];
  if (!type.includes('-cert-v01@')) refuse('You logged in without a certificate. Fix: get one with secure-debug ssh sign.');
  return personOf(config, parseCertificate(base64));
}

/** The person that a certificate stands for. */
export function personOf(config: Config, certificate: UserCertificate): Person {
  const { principals, validAfter, validBefore, serial } = certificate;
  const named = (prefix: string) => principals.filter(one => one.startsWith(prefix)).map(one => one.slice(prefix.length));
  const [user, ...more] = named(USER);
  if (!user || more.length > 0) refuse(`Your certificate names ${user ? 'several people' : 'nobody'}. Fix: have it signed with one principal user:NAME, as secure-debug ssh sign does.`);
  if (!isPersonal(user)) refuse(`Your certificate names ${plain(user)}, which is no person. Fix: have it signed for your own user name.`);
  if (validBefore - validAfter > config.maxCertificateSeconds) {
    refuse(`Your certificate is for longer than ${config.maxCertificateSeconds / 60} minutes. Fix: have it signed for less time, e.g. secure-debug ssh sign --for 30m.`);
  }
  if (config.revokedSerials.includes(serial)) refuse(`Your certificate ${serial} was revoked. Fix: ask who signs certificates.`);
  const claims = [...new Set(named(GROUP))].sort();
  return { user, groups: claims.filter(group => config.groups.includes(group)), claims, certificate };
}

/** A name that no part of Kubernetes has, and that stays one line in a header and a log. */
function isPersonal(user: string): boolean {
  return !/^system:/i.test(user) && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(user) && user === user.trim() && user.length <= 253;
}
