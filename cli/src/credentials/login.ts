import { authenticate, LONGEST_SESSION } from './authenticate';
import { clockTime } from './clock';
import { groupFindings } from './findings';
import { claimsOf, nameIn } from './id-token';
import { LONGEST_WAIT } from './login-lock';
import { targetOf, TargetOptions } from './login-target';
import { wrongUse } from '../errors';
import { Io } from '../io';
import { Result } from '../session';
import { coloured, duration, painter, plain, seconds } from '../text';

/** Logs in, whether somebody is logged in or not, and remembers it for kubectl. */
export async function login(io: Io, options: TargetOptions): Promise<Result> {
  const settings = await targetOf(options);
  const patience = options.wait === undefined ? undefined : seconds('--wait', options.wait) * 1_000;
  if (patience !== undefined && patience > LONGEST_WAIT) wrongUse(`--wait ${plain(options.wait!)} is more than an hour. Fix: give less, and log in again when you are there.`);
  const made = await authenticate(io, settings, { interactive: true, anew: true, patience });
  const claims = claimsOf(made.idToken) ?? {};
  const left = Math.max(0, Math.floor((made.expiresAt - made.ahead - Date.now()) / 1_000));
  const renewed = made.refreshToken !== undefined;
  const findings = groupFindings(claims);
  const paint = painter(coloured(io, io.stdout));
  return {
    data: {
      issuer: made.issuer,
      clientId: made.clientId,
      name: nameIn(claims),
      expiresAt: new Date(made.expiresAt).toISOString(),
      secondsLeft: left,
      renewedSeconds: renewed ? LONGEST_SESSION / 1_000 : 0,
      findings,
    },
    text: [
      `Logged in as ${paint('bold', plain(nameIn(claims)))} at ${plain(made.issuer)}, until ${clockTime(made.expiresAt, Date.now())} (${duration(left)} left)`
      + `${renewed ? `; renewed by itself for up to ${duration(LONGEST_SESSION / 1_000)}` : ''}.`,
      ...findings.map(({ text }) => `${paint('yellow', 'note:')} ${text}`),
      'secure-debug whoami shows what the API server makes of it.',
    ].join('\n'),
  };
}
