import { Issuer, Tokens } from './issuer';
import { Io } from '../io';
import { plain } from '../text';

/**
 * Logs in by a code that is typed on another device, where no browser can come back here.
 *
 * @param limit how long, in milliseconds
 * @see https://www.rfc-editor.org/rfc/rfc8628
 */
export async function logInByCode(io: Io, issuer: Issuer, limit: number): Promise<Tokens> {
  const { library, configuration, settings } = issuer;
  const given = await library.initiateDeviceAuthorization(configuration, { ...settings.parameters, scope: settings.scopes.join(' ') });
  io.stderr.write([
    'To log in, open on any device',
    `  ${plain(given.verification_uri)}`,
    `and type the code ${plain(given.user_code)}.`,
    'Type no code that somebody else sent you: it logs them in as you.',
    '',
  ].join('\n'));
  return library.pollDeviceAuthorizationGrant(configuration, given, undefined, { signal: AbortSignal.timeout(limit) });
}
