/**
 * An OIDC issuer of the certified library oidc-provider, over TLS: a process of its own, since the library is an ES module.
 * Usage: issuer.mjs CONFIG.json. Prints its URL. Who logs in says so in a form, and no password is asked.
 */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import Provider from 'oidc-provider';

const { address, port, cert, key, clients, accounts } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const url = `https://${address}:${port}`;
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const provider = new Provider(url, {
  clients: clients.map(client => ({ ...client, response_types: ['code'], grant_types: ['authorization_code'], token_endpoint_auth_method: 'client_secret_basic' })),
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['groups'] },
  conformIdTokenClaims: false,
  cookies: { keys: ['a key of a test'] },
  features: { devInteractions: { enabled: false } },
  findAccount: (_ctx, id) => accounts[id] && { accountId: id, claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, groups: accounts[id] }) },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'a', alg: 'RS256', use: 'sig' }] },
  pkce: { required: () => true },
});
const answer = provider.callback();
const handler = async (req, res) => {
  const { pathname, searchParams } = new URL(req.url, url);
  if (!pathname.startsWith('/interaction/')) return answer(req, res);
  const { prompt, params, session } = await provider.interactionDetails(req, res);
  if (prompt.name === 'login') {
    const account = searchParams.get('account');
    if (!accounts[account]) {
      res.setHeader('content-type', 'text/html');
      return res.end(Object.keys(accounts).map(name => `<a id="${name}" href="${pathname}?account=${name}">${name}</a>`).join(' '));
    }
    return provider.interactionFinished(req, res, { login: { accountId: account } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
};
createServer({ cert, key }, (req, res) => void handler(req, res).catch(error => res.writeHead(500).end(String(error))))
  .listen(port, address, () => process.stdout.write(`${url}\n`));
// It ends with whoever started it.
process.stdin.on('end', () => process.exit(0)).resume();
