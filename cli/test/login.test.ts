import { existsSync, chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'fs';
import { createServer } from 'http';
import { AddressInfo } from 'net';
import { join } from 'path';
import { LoginScene } from './login-scene';
import { visit } from '../../test/cluster/cli/login-browser';
import { claimsOf } from '../../test/cluster/credentials/issuer';
import { keyOf, settingsOf } from '../src/credentials/settings';

jest.mock('../src/credentials/openid-library', () => jest.requireActual('./login-openid'));

const verified = (name: string, groups?: string[]) => ({ email: `${name}@example.com`, email_verified: true, ...groups && { groups } });
const accounts = {
  alice: { claims: verified('alice', ['oncall-payments', 'staff']), amr: ['hwk'] },
  bob: { claims: verified('bob'), amr: ['pwd'] },
  mallory: { claims: { email: '\u001b[2Jmallory<script>', email_verified: true, groups: [] }, amr: ['pwd'] },
};
let scene: LoginScene;
beforeAll(async () => {
  scene = await LoginScene.start({
    people: { idTokenSeconds: 600, accounts },
    refreshing: { idTokenSeconds: 600, refreshSeconds: 3_600, accounts },
  });
}, 30_000);
afterAll(() => scene.stop());
beforeEach(() => { scene.newHome(); });

/** The files of remembered logins. */
const files = () => readdirSync(scene.logins).map(name => join(scene.logins, name));
const remembered = (change?: (login: any) => object) => {
  const [file] = files();
  const login = JSON.parse(readFileSync(file, 'utf8'));
  if (change) writeFileSync(file, JSON.stringify({ ...login, ...change(login) }));
  return login;
};
/** As if so much time had passed since. */
const later = (milliseconds: number) => remembered(({ expiresAt, loggedInAt }) => ({
  expiresAt: expiresAt - milliseconds, loggedInAt: loggedInAt - milliseconds,
}));
const HOUR = 3_600_000;
const logIn = (issuer: string, account = 'alice') => scene.loggingIn(['login', ...scene.at(issuer)], account);
const credential = (issuer: string, more: object = {}) => scene.run(['credential', ...scene.at(issuer)], more);
const tokenIn = (stdout: string) => JSON.parse(stdout).status.token;

describe('login', () => {
  test('by a browser, with PKCE, state and nonce; remembered for the owner alone', async () => {
    const { code, stdout, stderr, page, back } = await logIn('people');
    expect({ code, stderr }).toEqual({ code: 0, stderr: `To log in, open\n  ${page}\n` });
    expect(stdout).toMatch(/^Logged in as alice@example\.com at https:\S+, until \d\d:\d\d:\d\d UTC.* \(9m \d+s left\)\.\n/);
    expect(back).toContain('Logged in as alice@example.com. You can close this page');
    const asked = Object.fromEntries(new URL(page).searchParams);
    expect(asked).toMatchObject({ response_type: 'code', code_challenge_method: 'S256', scope: 'email groups openid', client_id: 'kubectl' });
    expect(asked.redirect_uri).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    for (const once of [asked.state, asked.nonce, asked.code_challenge]) expect(once).toMatch(/^[\w-]{43}$/);
    expect(files()).toHaveLength(1);
    expect([scene.logins, files()[0]].map(path => (statSync(path).mode % 0o1000).toString(8))).toEqual(['700', '600']);
    expect(claimsOf(remembered().idToken)).toMatchObject({ sub: 'alice', nonce: asked.nonce, aud: 'kubectl' });
    expect(remembered()).not.toHaveProperty('refreshToken');
  });
  test('twice makes it anew, with another state each time', async () => {
    const [first, second] = [await logIn('people'), await logIn('people')];
    expect(new URL(first.page).searchParams.get('state')).not.toBe(new URL(second.page).searchParams.get('state'));
    expect(files()).toHaveLength(1);
  });
  test('comes back to localhost where the issuer has it so, written as there', async () => {
    const { code, page } = await scene.loggingIn(['login', ...scene.at('people'), '--redirect', 'http://localhost'], 'alice');
    expect(code).toBe(0);
    expect(new URL(page).searchParams.get('redirect_uri')).toMatch(/^http:\/\/localhost:\d+$/);
  });
  test('starts the browser that BROWSER names, without a shell', async () => {
    const program = join(scene.folder, 'browser');
    writeFileSync(program, `#!${process.execPath}\nrequire('fs').writeFileSync(${JSON.stringify(join(scene.folder, 'opened'))}, JSON.stringify(process.argv.slice(2)));\n`, { mode: 0o755 });
    const { code, stderr, page } = await scene.loggingIn(['login', ...scene.at('people'), '--browser', '--param', 'ui_locales=$(id)'], 'alice', { env: { BROWSER: program } });
    expect(code).toBe(0);
    expect(stderr).toContain('A browser opens for the login. If none does, open\n');
    // The browser is a process of its own, which nobody waits for.
    const opened = join(scene.folder, 'opened');
    for (let tries = 0; tries < 300 && !(existsSync(opened) && readFileSync(opened, 'utf8').endsWith(']')); tries++) await new Promise(resolve => setTimeout(resolve, 100));
    expect(JSON.parse(readFileSync(opened, 'utf8'))).toEqual([page]);
    expect(new URL(page).searchParams.get('ui_locales')).toBe('$(id)');
  });
  test('--json is data for programs, and no token', async () => {
    const { stdout } = await scene.loggingIn(['login', ...scene.at('refreshing'), '--json'], 'alice');
    expect(JSON.parse(stdout)).toEqual({
      issuer: scene.issuers.named.refreshing.url, clientId: 'kubectl', name: 'alice@example.com', expiresAt: expect.any(String), secondsLeft: expect.any(Number), renewedSeconds: 43_200, findings: [],
    });
    expect(stdout).not.toContain('eyJ');
  });
  test('says at once that no groups came with it', async () => {
    const { code, stdout } = await logIn('people', 'bob');
    expect(code).toBe(0);
    expect(stdout).toContain('note: The token has no claim groups, so no right of a group can come of it. Fix: ask for the scope that gives it (--scope groups at most issuers)');
  });
  test('what the issuer calls somebody is no command to a terminal or a page', async () => {
    const { stdout, back } = await logIn('people', 'mallory');
    expect(stdout).toContain('Logged in as \\u001b[2Jmallory<script>');
    expect(back).toContain('\\u001b[2Jmallory&#60;script&#62;');
  });
});

describe('who comes back to the login', () => {
  /** Starts a login, does something at the address that it waits at, and then logs in, unless the login has ended. */
  async function meanwhile(act: (back: URL, state: string) => Promise<void>, logsIn = true) {
    let acted: Promise<unknown> | undefined;
    const ended = await scene.run(['login', ...scene.at('people'), '--wait', '20s'], {
      shown: stderr => {
        const [, page] = /^ {2}(https:\S+)\n/m.exec(stderr) ?? [];
        if (!page || acted) return;
        const { searchParams } = new URL(page);
        acted = act(new URL(searchParams.get('redirect_uri')!), searchParams.get('state')!).then(() => logsIn ? scene.browser().logIn(page, 'alice') : undefined);
      },
    });
    await acted;
    return ended;
  }

  test('without its state changes nothing, and it goes on waiting', async () => {
    const seen: number[] = [];
    const { code } = await meanwhile(async back => {
      for (const query of ['', '?code=stolen', '?code=stolen&state=', '?code=stolen&state=wrong', '?error=access_denied&state=wrong']) seen.push((await visit(new URL(query, back))).status);
      seen.push((await visit(new URL('/other?code=x', back))).status, (await visit(back, 'POST')).status);
    });
    expect({ code, seen }).toEqual({ code: 0, seen: [400, 400, 400, 400, 400, 404, 404] });
  });
  test('in the name of another issuer (mix-up) is refused', async () => {
    const { code, stderr } = await meanwhile(async (back, state) => {
      const { text, headers } = await visit(new URL(`?code=stolen&iss=https://evil.example.com&state=${state}`, back));
      expect(text).toContain('The login failed. The terminal says why.');
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'content-security-policy': expect.stringContaining('default-src \'none\''), 'referrer-policy': 'no-referrer' });
    }, false);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/The login at \S+ failed: unexpected "iss"/) });
    expect(files()).toEqual([]);
  });
  test('with a code of somebody else is refused: the verifier is missing', async () => {
    const { issuers } = scene;
    let stolen = '';
    const { code, stderr } = await meanwhile(async (back, state) => {
      const victim = await scene.browser().sentTo(`${issuers.named.people.url}/auth?${new URLSearchParams({
        client_id: 'kubectl', response_type: 'code', scope: 'openid', redirect_uri: back.href.replace(/\/$/, ''), nonce: 'n', state: 's', code_challenge: 'a'.repeat(43), code_challenge_method: 'S256',
      })}`, 'bob');
      stolen = victim.searchParams.get('code')!;
      await visit(new URL(`?${new URLSearchParams({ code: stolen, iss: issuers.named.people.url, state })}`, back));
    }, false);
    expect(stolen).toMatch(/^[\w-]{20,}$/);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('refused (invalid_grant') });
    expect(files()).toEqual([]);
  });
  test('because the person declined: said in words', async () => {
    const { code, stderr } = await meanwhile(async (back, state) => {
      await visit(new URL(`?${new URLSearchParams({ error: 'access_denied', error_description: 'not \u001b[31mtoday', iss: scene.issuers.named.people.url, state })}`, back));
    }, false);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('refused (access_denied: not \\u001b[31mtoday): the login was declined. Fix: try again') });
  });
  test('nobody: it ends by itself', async () => {
    const { code, stderr } = await scene.run(['login', ...scene.at('people'), '--wait', '1s']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('Nobody logged in in time. Fix: try again; --wait sets how long.') });
    expect(files()).toEqual([]);
  });
});

describe('wrong use is one sentence, and sends nothing', () => {
  const wrong = async (...args: string[]) => {
    const { code, stdout, stderr } = await scene.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    return stderr;
  };
  const ISSUER = ['--issuer', 'https://login.example.com', '--client-id', 'kubectl'];
  test.each([
    [['--issuer', 'http://login.example.com', '--client-id', 'kubectl'], /--issuer http:\/\/login.example.com is no issuer. Fix: write its URL with https/],
    [['--issuer', 'https://login.example.com?x', '--client-id', 'kubectl'], /is no issuer/],
    [['--issuer', 'login', '--client-id', 'kubectl'], /is no issuer/],
    [['--issuer', 'https://login.example.com'], /--client-id is missing/],
    [['--issuer', 'https://login.example.com', '--client-id', ''], /--client-id "" is empty/],
    [[...ISSUER, '--scope', 'a b'], /--scope a b is empty, has blanks/],
    [[...ISSUER, '--param', 'acr_values'], /--param acr_values is no name with a value/],
    [[...ISSUER, '--param', 'state=x'], /--param state is made by each login itself. Fix: leave it out\./],
    [[...ISSUER, '--param', 'client_secret=x'], /--param client_secret is made by each login itself/],
    [[...ISSUER, '--param', 'redirect_uri=https://evil.example.com'], /use --redirect/],
    [[...ISSUER, '--redirect', 'http://evil.example.com'], /--redirect http:\/\/evil.example.com is not on this computer/],
    [[...ISSUER, '--redirect', 'https://localhost'], /is not on this computer/],
    [[...ISSUER, '--redirect', 'http://localhost@evil.example.com'], /is not on this computer/],
    [[...ISSUER, '--device-code', '--browser'], /--device-code and --browser contradict each other/],
    [[...ISSUER, '--certificate-authority', '/nowhere'], /--certificate-authority \/nowhere cannot be read: ENOENT/],
    [[...ISSUER, '--certificate-authority', __filename], /--certificate-authority holds no certificate/],
    [[...ISSUER, '--wait', 'soon'], /--wait soon is no duration/],
    [[...ISSUER, '--wait', '61m'], /--wait 61m is more than an hour/],
    [[...ISSUER, '--context', 'prod'], /--issuer and --context contradict each other/],
  ])('login %j', async (args, message) => expect(await wrong('login', ...args)).toMatch(message));
  test('logout of all and of one', async () => expect(await wrong('logout', '--all', ...ISSUER)).toMatch(/--all and one login contradict each other/));
  test('a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => other.once('listening', resolve));
    try {
      expect(await wrong('login', ...scene.at('people'), '--redirect', `http://127.0.0.1:${(other.address() as AddressInfo).port}`)).toMatch(/another program uses the port, perhaps another login. Fix: end that, or name another with --redirect/);
    } finally {
      other.close();
    }
  });
  test('a secret file that is not there', async () => {
    const { code, stderr } = await scene.run(['login', ...scene.at('people')], { env: { SECURE_DEBUG_CLIENT_SECRET_FILE: '/nowhere' } });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('SECURE_DEBUG_CLIENT_SECRET_FILE cannot be read: ENOENT') });
  });
});

describe('an issuer that', () => {
  const failed = async (args: string[]) => {
    const { code, stdout, stderr } = await scene.run(['login', '--wait', '1s', ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    return stderr;
  };
  const url = () => scene.issuers.named.people.url;
  test('has a certificate of an authority that nobody named', async () => {
    expect(await failed(['--issuer', url(), '--client-id', 'kubectl'])).toMatch(/cannot be trusted: .*Fix: name its authority with --certificate-authority FILE; .* somebody may be in between/);
  });
  test('is not there', async () => {
    expect(await failed(['--issuer', 'https://127.0.0.1:1', '--client-id', 'kubectl'])).toMatch(/The issuer at https:\/\/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED.*Fix: check the network, the VPN/);
  });
  test('is another by a slash', async () => {
    const [, , ...rest] = scene.at('people');
    expect(await failed(['--issuer', `${url()}/`, ...rest])).toContain(`names another issuer: ${url()}. Fix: write --issuer as it stands there, to the slash`);
  });
  test('is none', async () => {
    const [, , ...rest] = scene.at('people');
    expect(await failed(['--issuer', `${url()}/realms/none`, ...rest])).toMatch(/did not answer as an issuer \(404\). Fix: check --issuer; its settings have to be at \S+\/realms\/none\/\.well-known\/openid-configuration/);
  });
  test('does not know the client, whoever logs in there: said for the device code, where it is asked first', async () => {
    const args = ['--issuer', url(), '--client-id', 'unknown', '--certificate-authority', scene.authorityFile, '--device-code'];
    expect(await failed(args)).toMatch(/refused \(invalid_client.*\): it does not know the client unknown as a public one/);
  });
});

describe('credential', () => {
  const INFO = (version: string) => JSON.stringify({ apiVersion: `client.authentication.k8s.io/${version}`, kind: 'ExecCredential', spec: { interactive: false } });

  test('prints what kubectl asks for, in its version, with an end before that of the token', async () => {
    await logIn('people');
    const { expiresAt, idToken } = remembered();
    for (const version of ['v1', 'v1beta1']) {
      const { code, stdout, stderr } = await credential('people', { env: { KUBERNETES_EXEC_INFO: INFO(version) } });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toEqual({
        apiVersion: `client.authentication.k8s.io/${version}`, kind: 'ExecCredential', status: { token: idToken, expirationTimestamp: new Date(expiresAt - 10_000).toISOString() },
      });
    }
  });
  test('asks nobody where no terminal shows it, and says what to type', async () => {
    const { code, stdout, stderr } = await credential('people', { env: { KUBERNETES_EXEC_INFO: INFO('v1') } });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe('error: You are not logged in, and there is no terminal to ask you to. Fix: secure-debug login, with the --kubeconfig and --context of this command.\n');
    expect((await scene.run(['credential', '--issuer', 'https://login.example.com', '--client-id', 'kubectl', '--param', 'acr_values=a b', '--device-code'])).stderr)
      .toMatch(/Fix: secure-debug login --issuer=https:\/\/login\.example\.com --client-id=kubectl --scope=email --scope=groups '--param=acr_values=a b' --device-code\.\n$/);
  });
  test('logs in where a terminal shows it; standard output is the credential alone', async () => {
    const { code, stdout, stderr } = await scene.loggingIn(['credential', ...scene.at('people')], 'alice', { tty: true });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('To log in, open\n') });
    expect(claimsOf(tokenIn(stdout))).toMatchObject({ sub: 'alice' });
  });
  test('of other scopes or demands is another login', async () => {
    await logIn('people');
    for (const more of [['--scope', 'groups'], ['--param', 'acr_values=phrh']]) {
      expect(await scene.run(['credential', ...scene.at('people'), ...more])).toMatchObject({ code: 1, stderr: expect.stringContaining('You are not logged in') });
    }
    expect(await scene.run(['credential', ...scene.at('people'), '--scope', 'groups', '--scope', 'email', '--device-code'])).toMatchObject({ code: 0 });
  });
  test('an ended token without a refresh token is not handed out', async () => {
    await logIn('people');
    later(HOUR);
    expect(await credential('people')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('Your login has ended, and there is no terminal') });
  });
  test('is renewed by the refresh token, without anybody, and that is used once', async () => {
    await logIn('refreshing');
    const first = later(HOUR);
    const { code, stdout, stderr } = await credential('refreshing');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(claimsOf(tokenIn(stdout))).toMatchObject({ sub: 'alice', groups: ['oncall-payments', 'staff'] });
    const second = remembered();
    expect(second.idToken).toBe(tokenIn(stdout));
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(second.loggedInAt).toBe(first.loggedInAt - HOUR);
  });
  test('a refresh token that is over wants the person, and is forgotten', async () => {
    await logIn('refreshing');
    remembered(({ expiresAt }) => ({ expiresAt: expiresAt - HOUR, refreshToken: 'over' }));
    expect(await credential('refreshing')).toMatchObject({ code: 1, stderr: expect.stringContaining('Your login has ended') });
    expect(files()).toEqual([]);
  });
  test('a refresh token is used for a working day at most, whatever the issuer allows', async () => {
    await logIn('refreshing');
    later(12 * HOUR + 1);
    expect(await credential('refreshing')).toMatchObject({ code: 1, stderr: expect.stringContaining('Your login has ended') });
  });
  test('an issuer that cannot be reached does not cost the refresh token', async () => {
    await logIn('refreshing');
    const login = later(HOUR);
    const gone = { issuer: 'https://127.0.0.1:1', clientId: 'kubectl' };
    const file = join(scene.logins, `${keyOf(settingsOf(gone))}.json`);
    writeFileSync(file, JSON.stringify({ ...login, ...gone, expiresAt: 0 }), { mode: 0o600 });
    expect(await scene.run(['credential', '--issuer', gone.issuer, '--client-id', 'kubectl'])).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be reached') });
    expect(JSON.parse(readFileSync(file, 'utf8')).refreshToken).toBe(login.refreshToken);
  });
  test.each([['{', 'KUBERNETES_EXEC_INFO is no JSON'], ['{"apiVersion":"client.authentication.k8s.io/v2"}', 'asks for a credential of client.authentication.k8s.io/v2. Fix: write apiVersion: client.authentication.k8s.io/v1']])(
    'KUBERNETES_EXEC_INFO %s is wrong use', async (info, message) => {
      expect(await credential('people', { env: { KUBERNETES_EXEC_INFO: info } })).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
    });
  test('a clock that is wrong here keeps nobody out: the issuer\'s decides', async () => {
    const real = Date.now;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => real() + HOUR);
    try {
      const { code, stderr } = await logIn('people');
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/The clock of this computer is (1h|1h 1s|59m \d+s) ahead of that of the issuer. Fix: set it by NTP/) });
      // By the clock here the token ended long ago; kubectl is told an end by the clock here.
      const { stdout } = await credential('people');
      expect(Date.parse(JSON.parse(stdout).status.expirationTimestamp) - Date.now()).toBeGreaterThan(8 * 60_000);
    } finally {
      clock.mockRestore();
    }
  });
});

describe('several at once', () => {
  const both = async (setting: object) => Promise.all([1, 2, 3].map(() => scene.run(['credential', ...scene.at('refreshing')], setting)));

  test('open one page, and all get its token', async () => {
    const pages = new Set<string>();
    let waiting = 0;
    const ended = await both({
      tty: true,
      shown: (stderr: string) => {
        const [, page] = /^ {2}(https:\S+)\n/m.exec(stderr) ?? [];
        if (page) pages.add(page);
        if (stderr.endsWith('waiting for it.\n')) waiting++;
        if (pages.size === 1 && waiting === 2) void scene.browser().logIn([...pages][0], 'alice');
      },
    });
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(pages.size).toBe(1);
    expect(new Set(ended.map(({ stdout }) => tokenIn(stdout))).size).toBe(1);
    expect(ended.filter(({ stderr }) => stderr.includes('Another secure-debug logs in already; waiting for it.\n'))).toHaveLength(2);
    expect(files()).toHaveLength(1);
  });
  test('use a refresh token once: an issuer takes a second use for theft', async () => {
    await logIn('refreshing');
    later(HOUR);
    const ended = await both({});
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(new Set(ended.map(({ stdout }) => tokenIn(stdout))).size).toBe(1);
    later(HOUR);
    expect(await credential('refreshing')).toMatchObject({ code: 0 });
  });
  test('do not ask one after the other when the first is cancelled', async () => {
    let first: Promise<unknown>;
    await new Promise<void>(resolve => {
      first = scene.run(['login', ...scene.at('people'), '--wait', '1s'], { shown: stderr => { if (stderr.includes('To log in')) resolve(); } });
    });
    const second = await scene.run(['credential', ...scene.at('people')], { tty: true });
    expect(await first!).toMatchObject({ code: 1 });
    expect(second).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/waiting for it\.\nerror: The login that was waited for did not succeed\. Fix: try again\.\n$/) });
  });
  test('one that was killed does not hold up the next', async () => {
    await logIn('people');
    const lock = files()[0].replace(/\.json$/, '.lock');
    rmSync(files()[0]);
    const dead = await new Promise<number>(resolve => {
      const child = jest.requireActual<typeof import('child_process')>('child_process').spawn(process.execPath, ['-e', '']);
      child.on('close', () => resolve(child.pid!));
    });
    writeFileSync(lock, JSON.stringify({ host: jest.requireActual<typeof import('os')>('os').hostname(), pid: dead, id: 'gone' }));
    const { code, stderr } = await scene.loggingIn(['credential', ...scene.at('people')], 'alice', { tty: true });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('waiting') });
    expect(files().map(file => file.slice(-5))).toEqual(['.json']);
  });
});

describe('remembered logins that others could have touched are not used', () => {
  beforeEach(async () => { await logIn('people'); });
  const refused = async (message: RegExp) => expect(await credential('people')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(message) });

  test('a file that others may read', async () => {
    chmodSync(files()[0], 0o644);
    await refused(/The file of logins \S+ is not used: others may read it \(mode 644\), .*Fix: rm \S+, and log in again/);
  });
  test('a file that others may write', async () => {
    chmodSync(files()[0], 0o620);
    await refused(/others may write it \(mode 620\)/);
  });
  test('a folder that others may look into', async () => {
    chmodSync(scene.logins, 0o755);
    await refused(/The folder of logins \S+ is not used: others may read it \(mode 755\).*Fix: chmod 700 \S+, then secure-debug logout --all/);
  });
  test('a folder above that others may write into', async () => {
    chmodSync(join(scene.logins, '..'), 0o777);
    await refused(/others may write it \(mode 777\).*Fix: chmod go-w /);
  });
  test('a link to a file elsewhere', async () => {
    const [file] = files();
    renameSync(file, join(scene.home, 'elsewhere'));
    symlinkSync(join(scene.home, 'elsewhere'), file);
    await refused(/The login in \S+ is not used: it is a link to somewhere else/);
  });
  test('a link to a folder elsewhere', async () => {
    renameSync(scene.logins, join(scene.home, 'elsewhere'));
    symlinkSync(join(scene.home, 'elsewhere'), scene.logins);
    await refused(/is no folder of logins, but something else or a link/);
  });
  test('a folder in place of the file', async () => {
    const [file] = files();
    rmSync(file);
    mkdirSync(file, { mode: 0o700 });
    await refused(/is no file of logins/);
  });
  test('what is damaged counts as none, and is written anew', async () => {
    const [file] = files();
    for (const text of ['', '{', 'null', '{"idToken":1}']) {
      writeFileSync(file, text);
      await refused(/You are not logged in/);
    }
    expect(await logIn('people')).toMatchObject({ code: 0 });
    expect(await credential('people')).toMatchObject({ code: 0 });
  });
  test('XDG_CACHE_HOME says where, unless it is a relative path', async () => {
    const elsewhere = join(scene.home, 'xdg');
    expect(await credential('people', { env: { XDG_CACHE_HOME: elsewhere } })).toMatchObject({ code: 1 });
    expect(await credential('people', { env: { XDG_CACHE_HOME: 'xdg' } })).toMatchObject({ code: 0 });
  });
});

describe('logout', () => {
  const logout = (...args: string[]) => scene.run(['logout', ...args]);

  test('forgets the login, ends the refresh token at the issuer, and says what still works', async () => {
    await logIn('refreshing');
    const kept = remembered();
    const [file] = files();
    const { code, stdout } = await logout(...scene.at('refreshing'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Logged out alice@example\.com of https:\S+, and the refresh token was revoked there\.\n {2}A token cannot be taken back: whoever has a copy is let in until \d\d:\d\d:\d\d UTC.* \(9m \d+s\)\.\n {2}Open shells/);
    expect(files()).toEqual([]);
    // Whoever had copied it can do nothing with it.
    writeFileSync(file, JSON.stringify({ ...kept, expiresAt: 0 }), { mode: 0o600 });
    expect(await credential('refreshing')).toMatchObject({ code: 1, stderr: expect.stringContaining('Your login has ended') });
  });
  test('of all, as data', async () => {
    await logIn('refreshing');
    await logIn('people');
    const { code, stdout } = await logout('--all', '--json');
    expect(code).toBe(0);
    const ended = JSON.parse(stdout).sort((a: any, b: any) => Number(b.revoked) - Number(a.revoked));
    expect(ended).toEqual([true, false].map(revoked => ({ issuer: expect.any(String), name: 'alice@example.com', revoked, worksUntil: expect.any(String), secondsLeft: expect.any(Number) })));
    expect(files()).toEqual([]);
  });
  test('waits for a refresh that is under way, so that nothing is written back after it', async () => {
    await logIn('refreshing');
    later(HOUR);
    const [renewed, { stdout }] = await Promise.all([credential('refreshing'), logout(...scene.at('refreshing'))]);
    expect([0, 1]).toContain(renewed.code);
    expect(stdout).toContain('the refresh token was revoked there');
    expect(files()).toEqual([]);
  });
  test('of nobody', async () => expect(await logout(...scene.at('people'))).toMatchObject({ code: 0, stdout: 'You were not logged in.\n' }));
  test('with an issuer that is gone says so, and forgets all the same', async () => {
    await logIn('refreshing');
    remembered(() => ({ issuer: 'https://127.0.0.1:1', expiresAt: 0 }));
    const { code, stdout } = await logout('--all');
    expect(code).toBe(1);
    expect(stdout).toMatch(/The refresh token could not be revoked: The issuer at \S+ cannot be reached.*\n {2}The last token has ended/);
    expect(files()).toEqual([]);
  });
});
