import { clockTime } from './clock';
import { claimsOf, nameIn } from './id-token';
import { Issuer } from './issuer';
import { LoginLock } from './login-lock';
import { targetOf, TargetOptions } from './login-target';
import { keyOf, settingsOf } from './settings';
import { Login, TokenCache } from './token-cache';
import { wrongUse } from '../errors';
import { Io } from '../io';
import { Result } from '../session';
import { duration, plain } from '../text';

interface LogoutOptions extends TargetOptions {
  readonly all?: boolean;
}

/** How long another program may be busy with a login that is to end, in milliseconds: a refresh takes less. */
const PATIENCE = 20_000;

/** What became of one login. */
interface Ended {
  readonly issuer: string;
  readonly name: string;
  readonly revoked: boolean;
  /** Why the issuer still takes the refresh token; only where there is one. */
  readonly notRevoked?: string;
  /** Until when API servers still take the token that was handed out. */
  readonly worksUntil: string | null;
  readonly secondsLeft: number;
}

/** Forgets logins, ends them at the issuer as far as it lets one, and says what still works. */
export async function logout(io: Io, options: LogoutOptions): Promise<Result> {
  if (options.all && (options.issuer !== undefined || options.context !== undefined)) wrongUse('--all and one login contradict each other. Fix: give one of the two.');
  const cache = new TokenCache(io);
  const key = options.all ? undefined : keyOf(await targetOf(options));
  const found = [...cache.all()].filter(([one]) => key === undefined || one === key);
  const ended: Ended[] = [];
  for (const [one, login] of found) {
    // A program that is just renewing it would write it again.
    const lock = await LoginLock.take(io, cache.lockFile(one), PATIENCE, () => undefined);
    try {
      const last = cache.read(one) ?? login;
      cache.remove(one);
      ended.push(await end(io, last));
    } finally {
      lock?.release();
    }
  }
  // What is damaged goes too, so that nobody asks again why.
  if (key !== undefined) cache.remove(key);
  return {
    data: ended,
    code: ended.some(({ notRevoked }) => notRevoked !== undefined) ? 1 : 0,
    text: ended.length === 0 ? 'You were not logged in.' : ended.map(told).join('\n'),
  };
}

async function end(io: Io, login: Login): Promise<Ended> {
  const left = Math.max(0, Math.floor((login.expiresAt - login.ahead - Date.now()) / 1_000));
  const notRevoked = login.refreshToken === undefined ? undefined : await revoke(io, login, login.refreshToken);
  return {
    issuer: login.issuer,
    name: nameIn(claimsOf(login.idToken) ?? {}),
    revoked: login.refreshToken !== undefined && notRevoked === undefined,
    ...notRevoked !== undefined && { notRevoked },
    worksUntil: left > 0 ? new Date(login.expiresAt).toISOString() : null,
    secondsLeft: left,
  };
}

/** Ends the refresh token at the issuer; says why, if it could not. */
async function revoke(io: Io, { issuer: url, clientId, scopes, authority }: Login, token: string): Promise<string | undefined> {
  const certificateAuthorityData = authority === undefined ? undefined : Buffer.from(authority).toString('base64');
  try {
    const issuer = await Issuer.discover(io, settingsOf({ issuer: url, clientId, scope: scopes.filter(scope => scope !== 'openid'), certificateAuthorityData }));
    try {
      if (issuer.configuration.serverMetadata().revocation_endpoint === undefined) return 'the issuer offers no way to';
      await issuer.doing(() => issuer.library.tokenRevocation(issuer.configuration, token, { token_type_hint: 'refresh_token' }));
      return undefined;
    } finally {
      issuer.close();
    }
  } catch (error) {
    return (error as Error).message;
  }
}

function told({ issuer, name, revoked, notRevoked, worksUntil, secondsLeft }: Ended): string {
  return [
    `Logged out ${plain(name)} of ${plain(issuer)}${revoked ? ', and the refresh token was revoked there' : ''}.`,
    ...notRevoked === undefined ? [] : [`  The refresh token could not be revoked: ${plain(notRevoked)}`],
    worksUntil === null ? '  The last token has ended; nothing here works any longer.'
      : `  A token cannot be taken back: whoever has a copy is let in until ${clockTime(Date.parse(worksUntil), Date.now())} (${duration(secondsLeft)}).`,
    '  Open shells and port-forwards go on until they end, and the browser is still logged in at the issuer.',
  ].join('\n');
}
