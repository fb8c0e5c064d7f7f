import { logInByBrowser } from './browser-login';
import { clockFault } from './clock';
import { logInByCode } from './device-login';
import { Issuer } from './issuer';
import { LoginLock } from './login-lock';
import { argumentsOf, keyOf, LoginSettings } from './settings';
import { Login, TokenCache } from './token-cache';
import { CommandError, refused } from '../errors';
import { Io } from '../io';
import { plain, word } from '../text';

/** How long somebody may take to log in, in milliseconds, unless it is said. */
const PATIENCE = 300_000;
/** A token that ends sooner is not handed out: it has to arrive while it is good. */
const MARGIN = 10_000;
/** How long a refresh token is used after the person was there, whatever the issuer allows: a working day. */
export const LONGEST_SESSION = 12 * 3_600_000;

/** Answers to a refresh token that is over. All else, such as an issuer that is down, says nothing about it. */
const WANTS_PERSON = ['invalid_grant', 'interaction_required', 'login_required', 'consent_required'];

interface AuthenticateOptions {
  /** Whether somebody is there who sees what is printed. */
  readonly interactive: boolean;
  /** Nobody is to be asked, though somebody may be there. */
  readonly unasked?: boolean;
  /** Log in even if there is a token. */
  readonly anew?: boolean;
  /** How long somebody may take, in milliseconds. */
  readonly patience?: number;
}

/** Until when a token is handed out, by the clock here, in milliseconds. */
export function usableUntil({ expiresAt, ahead }: Login): number {
  return expiresAt - ahead - MARGIN;
}

/** A login that is good now: the remembered one, the same refreshed, or a new one. One process at a time asks the issuer. */
export async function authenticate(io: Io, settings: LoginSettings, options: AuthenticateOptions): Promise<Login> {
  const { unasked = false, anew = false, patience = PATIENCE } = options;
  const interactive = options.interactive && !unasked;
  const cache = new TokenCache(io);
  const key = keyOf(settings);
  const found = anew ? undefined : cache.read(key);
  if (found && isUsable(found)) return found;
  if (!interactive && !mayRefresh(found)) return notLoggedIn(settings, found, unasked);

  // A refresh takes no time that is worth a word.
  const waits = () => { if (interactive && !mayRefresh(found)) io.stderr.write('Another secure-debug logs in already; waiting for it.\n'); };
  const lock = await LoginLock.take(io, cache.lockFile(key), patience, waits);
  if (!lock) return refused('Another secure-debug has been logging in for too long. Fix: finish or end it, and try again.');
  try {
    const now = anew && !lock.waited ? undefined : cache.read(key);
    if (now && isUsable(now)) return now;
    // Whoever cancelled a login does not want the next one from each program that waited for it. One that was renewed meanwhile, and
    // is used up already, did succeed.
    if (lock.waited && !(mayRefresh(now) && now.idToken !== found?.idToken)) return refused('The login that was waited for did not succeed. Fix: try again.');
    const login = await obtain(io, settings, now, { interactive, unasked, patience }, () => cache.remove(key));
    cache.write(key, login);
    return login;
  } finally {
    lock.release();
  }
}

function isUsable(login: Login): boolean {
  return Date.now() < usableUntil(login);
}

function mayRefresh(login: Login | undefined): login is Login & { refreshToken: string } {
  return login?.refreshToken !== undefined && Date.now() - login.loggedInAt < LONGEST_SESSION;
}

async function obtain(
  io: Io, settings: LoginSettings, earlier: Login | undefined, { interactive, unasked, patience }: Required<Omit<AuthenticateOptions, 'anew'>>, forget: () => void,
): Promise<Login> {
  const issuer = await Issuer.discover(io, settings);
  try {
    if (mayRefresh(earlier)) {
      const refreshed = await refresh(issuer, earlier);
      if (refreshed) return refreshed;
    }
    // What can neither be used nor refreshed is not kept.
    forget();
    if (!interactive) return notLoggedIn(settings, earlier, unasked);
    const tokens = await issuer.doing(() => settings.deviceCode ? logInByCode(io, issuer, patience) : logInByBrowser(io, issuer, patience));
    const fault = clockFault(issuer.ahead, 'the issuer');
    if (fault) io.stderr.write(`${fault}\n`);
    return issuer.login(tokens, Date.now());
  } finally {
    issuer.close();
  }
}

/** By the refresh token; undefined when the issuer wants the person. */
async function refresh(issuer: Issuer, earlier: Login & { refreshToken: string }): Promise<Login | undefined> {
  const { library, configuration } = issuer;
  try {
    const tokens = await library.refreshTokenGrant(configuration, earlier.refreshToken);
    return tokens.id_token === undefined ? undefined : issuer.login(tokens, earlier.loggedInAt, earlier.refreshToken);
  } catch (error) {
    if (error instanceof library.ResponseBodyError && WANTS_PERSON.includes(error.error)) return undefined;
    return issuer.doing(() => Promise.reject(error));
  }
}

function notLoggedIn(settings: LoginSettings, found: Login | undefined, unasked: boolean): never {
  const what = `${found ? 'Your login has ended' : 'You are not logged in'}${unasked ? '' : ', and there is no terminal to ask you to'}`;
  const line = ['secure-debug', 'login', ...argumentsOf(settings)].map(one => word(plain(one))).join(' ');
  // An authority is too long for a line; the kubeconfig has it.
  throw new CommandError(`${what}. Fix: ${settings.authority ? 'secure-debug login, with the --kubeconfig and --context of this command' : line}.`);
}
