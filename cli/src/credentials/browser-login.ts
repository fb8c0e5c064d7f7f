import { spawn } from 'child_process';
import { createServer, IncomingMessage, Server, ServerResponse } from 'http';
import { AddressInfo } from 'net';
import { claimsOf, nameIn } from './id-token';
import { Issuer, Tokens } from './issuer';
import { refused, wrongUse } from '../errors';
import { Io } from '../io';
import { plain } from '../text';

/**
 * Logs in by a browser that comes back to this computer: authorization code with PKCE, state and nonce.
 *
 * @param limit how long, in milliseconds
 * @see https://www.rfc-editor.org/rfc/rfc8252 (OAuth 2.0 for Native Apps)
 */
export async function logInByBrowser(io: Io, issuer: Issuer, limit: number): Promise<Tokens> {
  const { library, configuration, settings } = issuer;
  const verifier = library.randomPKCECodeVerifier();
  const state = library.randomState();
  const nonce = library.randomNonce();
  const asked = new URL(settings.redirect);
  const servers = await listen(asked);
  try {
    const { port } = servers[0].address() as AddressInfo;
    issuer.redirect = withPort(settings.redirect, port);
    const back = new URL(issuer.redirect);
    const page = library.buildAuthorizationUrl(configuration, {
      ...settings.parameters,
      response_type: 'code',
      redirect_uri: issuer.redirect,
      scope: settings.scopes.join(' '),
      code_challenge: await library.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    // What it names is opened by whatever handles such addresses here.
    if (page.protocol !== 'https:') refused(`${settings.issuer} names a page for logins that is not https, so it was not opened. Fix: tell who operates it.`);
    const opened = settings.browser && openBrowser(io, page.href);
    io.stderr.write(`${opened ? 'A browser opens for the login. If none does, open' : 'To log in, open'}\n  ${plain(page.href)}\n`);
    return await comesBack(servers, back, state, limit, url =>
      library.authorizationCodeGrant(configuration, url, {
        pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
      }));
  } finally {
    servers.forEach(server => {
      server.close();
      server.closeAllConnections();
    });
  }
}

/** On this computer alone. What `localhost` means is up to the browser, so both addresses are listened at, where there are both. */
async function listen(redirect: URL): Promise<Server[]> {
  const host = redirect.hostname === '[::1]' ? '::1' : '127.0.0.1';
  const first = await bound(host, Number(redirect.port || 0)).catch((error: NodeJS.ErrnoException) => wrongUse(
    `The login cannot come back to ${redirect.origin}: ${error.code === 'EADDRINUSE' ? 'another program uses the port, perhaps another login' : error.code}. Fix: end that, or name another with --redirect.`));
  if (redirect.hostname !== 'localhost') return [first];
  const second = await bound('::1', (first.address() as AddressInfo).port).catch(() => undefined);
  return second ? [first, second] : [first];
}

function bound(host: string, port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, fail) => server.once('error', fail).listen({ host, port, exclusive: true }, () => resolve(server)));
}

/** The text as the issuer has it, with a port where it has none. */
function withPort(redirect: string, port: number): string {
  return redirect.replace(/^(http:\/\/(?:\[::1\]|[^/:]+))(:\d+)?/, `$1:${port}`);
}

/** Waits for the browser, and lets nobody else in: what does not carry the state of this login changes nothing. */
function comesBack(servers: Server[], back: URL, state: string, limit: number, redeem: (url: URL) => Promise<Tokens>): Promise<Tokens> {
  return new Promise((resolve, fail) => {
    const timer = setTimeout(() => {
      try {
        refused('Nobody logged in in time. Fix: try again; --wait sets how long.');
      } catch (error) {
        fail(error);
      }
    }, limit);
    let taken = false;
    const take = async (request: IncomingMessage, response: ServerResponse) => {
      const url = URL.canParse(request.url ?? '', back.href) ? new URL(request.url!, back) : back;
      if (request.method !== 'GET' || url.origin !== back.origin || url.pathname !== back.pathname) return answer(response, 404, 'There is nothing here.');
      if (url.searchParams.get('state') !== state || taken) return answer(response, 400, 'This is not the login that is waited for. Start it again from the terminal.');
      taken = true;
      clearTimeout(timer);
      try {
        const tokens = await redeem(url);
        answer(response, 200, `Logged in as ${nameIn(claimsOf(tokens.id_token ?? '') ?? {})}. You can close this page, and go on in the terminal.`, () => resolve(tokens));
      } catch (error) {
        answer(response, 400, 'The login failed. The terminal says why.', () => fail(error));
      }
    };
    servers.forEach(server => server.on('request', (request, response) => void take(request, response)));
  });
}

function answer(response: ServerResponse, status: number, text: string, sent: () => void = () => undefined): void {
  const safe = plain(text).replace(/[&<>"']/g, sign => `&#${sign.charCodeAt(0)};`);
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': 'default-src \'none\'; style-src \'unsafe-inline\'; frame-ancestors \'none\'',
    'referrer-policy': 'no-referrer',
    'connection': 'close',
  });
  response.on('close', sent);
  response.end('<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>secure-debug</title>'
    + `<style>body{font:1.2em system-ui,sans-serif;margin:15vh auto;max-width:34em;padding:0 1em}</style></head><body><main><h1>secure-debug</h1><p>${safe}</p></main></body></html>`);
}

/** The person's browser, by BROWSER where it is set. Whether one could be started; that it shows anything, nobody knows. */
function openBrowser({ env }: Io, url: string): boolean {
  const [program, ...args] = env.BROWSER ? [env.BROWSER]
    : process.platform === 'darwin' ? ['open']
      : process.platform === 'win32' ? ['rundll32', 'url.dll,FileProtocolHandler']
        : ['xdg-open'];
  if (!env.BROWSER && process.platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) return false;
  const child = spawn(program, [...args, url], { detached: true, stdio: 'ignore', env });
  child.on('error', () => undefined);
  child.unref();
  return child.pid !== undefined;
}
