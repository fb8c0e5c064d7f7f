import { clockFault } from './clock';
import { Unreachable } from './issuer-http';
import { LoginSettings } from './settings';
import { CommandError, refused } from '../errors';
import { plain } from '../text';

/** What the protocol's error codes mean for whoever logs in. https://www.rfc-editor.org/rfc/rfc6749#section-5.2 and following */
const MEANING: Record<string, (settings: LoginSettings) => string> = {
  access_denied: () => 'the login was declined. Fix: try again, or ask whoever operates the issuer whether you may use this client',
  login_required: () => 'it wants a new login. Fix: secure-debug logout, and log in again',
  expired_token: () => 'the code was not typed in time. Fix: try again',
  invalid_client: ({ clientId }) => `it does not know the client ${clientId} as a public one. Fix: check --client-id; the client has to be one without a secret, or its secret in SECURE_DEBUG_CLIENT_SECRET_FILE`,
  unauthorized_client: ({ clientId, deviceCode }) => `the client ${clientId} may not log in this way. Fix: allow it ${deviceCode ? 'the device code' : 'the authorization code'} at the issuer`,
  unsupported_grant_type: ({ deviceCode }) => `it does not offer this way of logging in. Fix: ${deviceCode ? 'leave out --device-code' : 'allow the authorization code'}`,
  invalid_scope: ({ scopes }) => `it does not give one of the scopes ${scopes.join(', ')}. Fix: allow them for the client, or name others with --scope`,
  invalid_grant: () => 'what it gave before is no longer good. Fix: log in again',
  redirect_uri_mismatch: ({ redirect }) => `it does not know the redirect URL ${redirect}. Fix: add it to the client, or name with --redirect the one that is there`,
  interaction_required: () => 'it wants to ask you something first. Fix: log in again',
};

/** Ends with one sentence that says what went wrong at an issuer, and what to do. */
export function explain(error: unknown, settings: LoginSettings, ahead: number): never {
  // The innermost error says what it was about.
  let message = '';
  for (let cause = error as any, depth = 0; cause && depth < 5; cause = cause.cause, depth++) {
    if (cause instanceof CommandError) throw cause;
    if (cause instanceof Unreachable) refused(cause.message);
    if (typeof cause.message === 'string' && cause.message !== '') message = cause.message;
  }
  const { code, error: said, error_description: more, status, name } = error as any;
  const { issuer } = settings;
  if (name === 'AbortError' || name === 'TimeoutError' || code === 'ABORT_ERR') refused('Nobody logged in in time. Fix: try again; --wait sets how long.');
  if (typeof said === 'string') {
    const meant = MEANING[said]?.(settings) ?? 'it said no more. Fix: tell who operates it';
    refused(`${issuer} refused (${plain(said)}${more ? `: ${plain(String(more)).replace(/[.\s]+$/, '')}` : ''}): ${meant}.`);
  }
  const clock = clockFault(ahead, 'the issuer');
  switch (code) {
    case 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED': return refused(`The ID token of ${issuer} is over, or not valid yet. ${clock ?? 'Fix: check the clocks of this computer and of the issuer.'}`);
    case 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED': return refused(`What ${issuer} says of itself names another issuer. Fix: write --issuer as it stands there, to the slash.`);
    case 'OAUTH_JWT_CLAIM_COMPARISON_FAILED': return refused(`The ID token of ${issuer} is not for this login: ${plain(message)}. Fix: try again; if it stays, tell who operates it.`);
    case 'OAUTH_RESPONSE_IS_NOT_CONFORM':
    case 'OAUTH_RESPONSE_IS_NOT_JSON':
      return refused(`${issuer} did not answer as an issuer${status ?? (error as any).cause?.status ? ` (${status ?? (error as any).cause.status})` : ''}. Fix: check --issuer; its settings have to be at ${issuer.replace(/\/$/, '')}/.well-known/openid-configuration.`);
    case 'OAUTH_MISSING_SERVER_METADATA': return refused(`${issuer} does not offer this way of logging in. Fix: ${settings.deviceCode ? 'leave out --device-code' : 'try --device-code'}.`);
    default: return refused(`The login at ${issuer} failed: ${plain(String(message)).replace(/[.\s]+$/, '')}${code ? ` (${plain(String(code))})` : ''}. ${clock ?? 'Fix: try again; if it stays, tell who operates it.'}`);
  }
}
