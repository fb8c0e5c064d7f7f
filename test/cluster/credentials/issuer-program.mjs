/**
 * OIDC issuers of the certified library oidc-provider, over TLS on loopback: a process of its own, since the library is an ES
 * module. Usage: issuer-program.mjs CONFIG.json. Prints one line of JSON: for each issuer its URL and its private key, by which tests
 * sign what an issuer of its own mind would.
 */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import Provider from 'oidc-provider';

const { cert, key, issuers } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

/** Who has an account, logs in by the hint alone, as if everything had been typed and touched. */
function provider(url, { accounts, idTokenSeconds, refreshSeconds = 0 }, jwk) {
  const made = new Provider(url, {
    clients: [{
      client_id: 'kubectl', application_type: 'native', token_endpoint_auth_method: 'none', id_token_signed_response_alg: 'ES256',
      redirect_uris: ['http://localhost:8000', 'http://127.0.0.1'], response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    }],
    claims: { openid: ['sub', 'amr'], email: ['email', 'email_verified'], groups: ['groups'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['a key of a test'] },
    features: { devInteractions: { enabled: false }, deviceFlow: { enabled: true }, revocation: { enabled: true } },
    findAccount: (_ctx, id) => accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id].claims }) },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: () => refreshSeconds > 0,
    jwks: { keys: [jwk] },
    pkce: { required: () => true },
    ttl: { IdToken: idTokenSeconds, AccessToken: 600, AuthorizationCode: 60, Session: 600, Grant: 600, Interaction: 600, DeviceCode: 60, RefreshToken: refreshSeconds || 1 },
  });
  const answer = made.callback();
  return async (req, res) => {
    if (!req.url.startsWith('/interaction/')) return answer(req, res);
    const { prompt, params } = await made.interactionDetails(req, res);
    if (prompt.name === 'login') {
      const accountId = params.login_hint;
      return made.interactionFinished(req, res, { login: { accountId, amr: accounts[accountId].amr } });
    }
    const grant = new made.Grant({ accountId: params.login_hint, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    return made.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
  };
}

const started = {};
for (const [name, settings] of Object.entries(issuers)) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: name, alg: 'ES256', use: 'sig' };
  let handler;
  const server = createServer({ cert, key }, (req, res) => void handler(req, res).catch(error => res.writeHead(500).end(String(error))));
  await new Promise(resolve => server.listen(settings.port ?? 0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${server.address().port}`;
  handler = provider(url, settings, jwk);
  started[name] = { url, jwk };
}
process.stdout.write(`${JSON.stringify(started)}\n`);
// It ends with whoever started it.
process.stdin.on('end', () => process.exit(0)).resume();
