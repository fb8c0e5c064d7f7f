import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'fs';
import { createServer, Server } from 'http';
import { AddressInfo } from 'net';
import { tmpdir } from 'os';
import { join } from 'path';
import { Readable } from 'stream';
import { Io } from '../src/io';
import { notificationOf } from '../src/notify/notify-events';
import { Lines } from '../src/notify/notify-follow';
import { run } from '../src/program';

const P = 'secure-debug.internal/';
const POLICY = 'secure-debug-requests/request';

/** Takes what is posted, and answers as it is told. */
class Inbox {
  public readonly got: { path: string; headers: any; body: any }[] = [];
  public answers: { status: number; headers?: Record<string, string> }[] = [];
  private readonly server: Server = createServer((request, response) => void (async () => {
    const parts: Buffer[] = [];
    for await (const one of request) parts.push(one as Buffer);
    this.got.push({ path: request.url!, headers: request.headers, body: JSON.parse(Buffer.concat(parts).toString()) });
    const { status, headers } = this.answers.shift() ?? { status: 200 };
    response.writeHead(status, headers).end();
  })());

  public async start(): Promise<this> {
    await new Promise<void>(resolve => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  public stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  public get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/in/SECRET-PATH`;
  }
}

let inbox: Inbox;
let folder: string;
let log: string;
let slept: number[];
let ids = 0;

beforeEach(async () => {
  inbox = await new Inbox().start();
  folder = mkdtempSync(join(tmpdir(), 'notify-test-'));
  log = join(folder, 'audit.log');
  slept = [];
});
afterEach(() => {
  inbox.stop();
  rmSync(folder, { recursive: true });
});

async function notify(args: string[], change: Partial<Io> = {}): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const io: Io = {
    stdout: { write: text => { stdout += text; } },
    stderr: { write: text => { stderr += text; } },
    env: { SECURE_DEBUG_WEBHOOK_URL: inbox.url, SECURE_DEBUG_SLACK_URL: inbox.url, SECURE_DEBUG_PAGERDUTY_URL: inbox.url, SECURE_DEBUG_PAGERDUTY_KEY: 'KEY' },
    connect: async () => { throw new Error('no cluster is needed'); },
    sleep: async ms => { slept.push(ms); },
    unique: () => 'u',
    ...change,
  };
  const code = await run(['notify', ...args], io);
  return { code, stdout, stderr };
}

/** An audit event of a RoleBinding. */
function event(change: any = {}, sent: any = {}): any {
  return {
    kind: 'Event',
    auditID: `id-${ids++}`,
    stage: 'ResponseComplete',
    verb: 'create',
    requestURI: '/apis/rbac.authorization.k8s.io/v1/namespaces/payments/rolebindings',
    requestReceivedTimestamp: '2026-03-01T02:00:00.000000Z',
    user: { username: 'alice', groups: ['oncall', 'system:authenticated'] },
    sourceIPs: ['192.0.2.1'],
    objectRef: { apiGroup: 'rbac.authorization.k8s.io', resource: 'rolebindings', namespace: 'payments', name: 'debug-grant:alice' },
    responseStatus: { code: change.verb && change.verb !== 'create' ? 200 : 201 },
    requestObject: {
      metadata: { labels: { [`${P}request-for`]: 'debug-grant' }, annotations: { [`${P}request-reason`]: 'ledger is stuck', [`${P}ticket`]: 'INC-42', [`${P}expires-at`]: '2026-03-01T02:30:00Z' } },
      roleRef: { name: 'debug-grant' },
      ...sent,
    },
    ...change,
  };
}
const patched = (annotations: object, step: string, more: object = {}) => event(
  { verb: 'patch', user: { username: 'bob', groups: ['leads'] }, annotations: { [POLICY]: `${step} debug-grant:alice by bob` } }, { metadata: { annotations }, roleRef: undefined, ...more },
);
const sealedUse = (change: any = {}) => event({
  verb: 'list',
  requestURI: '/api/v1/secrets?limit=500',
  objectRef: { resource: 'secrets' },
  responseStatus: { code: 403 },
  requestObject: undefined,
  user: { username: 'break-glass-1', groups: ['break-glass-sealed'], extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=1'] } },
  ...change,
});
const write = (...events: any[]) => writeFileSync(log, events.map(one => `${typeof one === 'string' ? one : JSON.stringify(one)}\n`).join(''));
const once = (...more: string[]) => notify([log, '--once', ...more]);
const kinds = async (...events: any[]) => {
  write(...events);
  return (await once('--print')).stdout.split('\n').filter(Boolean).map(line => JSON.parse(line).event);
};

describe('what is told', () => {
  test.each([
    ['a request', () => event(), 'requested'],
    ['one that is had at once', () => event({}, { subjects: [{ name: 'alice' }] }), 'taken'],
    ['break-glass', () => event({}, { roleRef: { name: 'break-glass-db' }, subjects: [{ name: 'alice' }] }), 'break-glass'],
    ['an approval that is not the last', () => patched({ [`${P}approvals`]: 'bob as leads' }, 'approve'), 'approved'],
    ['the last approval', () => patched({ [`${P}approvals`]: 'bob as leads' }, 'approve', { subjects: [{ name: 'alice' }] }), 'granted'],
    ['a denial', () => patched({ [`${P}closed`]: 'denied', [`${P}closed-reason`]: 'no' }, 'close'), 'denied'],
    ['a revocation', () => patched({ [`${P}closed`]: 'revoked' }, 'close'), 'revoked'],
    ['a withdrawal', () => patched({ [`${P}closed`]: 'withdrawn' }, 'close'), 'withdrawn'],
    ['a request in a log without bodies', () => event({ requestObject: undefined, annotations: { [POLICY]: 'CREATE debug-grant:alice by alice until x ticket y approvals  subjects 0' } }), 'requested'],
    ['break-glass in a log without bodies', () => event({
      requestObject: undefined, objectRef: { ...event().objectRef, name: 'break-glass:alice' }, annotations: { 'secure-debug-requests-eu/request': 'CREATE break-glass:alice by alice until x ticket y approvals  subjects 1' },
    }), 'break-glass'],
    ['whatever a sealed credential does, and though it be refused', () => sealedUse(), 'sealed-credential'],
  ])('%s', async (_, made, kind) => {
    expect(await kinds(made())).toEqual([kind]);
  });

  test.each([
    ['a request that was refused', () => event({ responseStatus: { code: 403 } })],
    ['one that was tried without effect', () => event({ requestURI: '/apis/x?dryRun=All' })],
    ['the beginning of a request', () => event({ stage: 'RequestReceived' })],
    ['a RoleBinding that is no request', () => event({}, { metadata: { labels: {} } })],
    ['a Role', () => event({ objectRef: { ...event().objectRef, resource: 'roles' } })],
    ['a patch of something else', () => event({ verb: 'patch', annotations: {} }, { metadata: { annotations: { other: 'x' } } })],
    ['a deletion', () => event({ verb: 'delete', requestObject: undefined })],
    ['an annotation of another policy that looks like ours', () => event({ requestObject: undefined, annotations: { 'evil/request': 'CREATE debug-grant:x' } })],
    ['an event that is none', () => ({ kind: 'Pod' })],
    ['null', () => null],
    ['an event whose parts are of other types', () => ({ ...event(), user: 1, objectRef: 'x', requestObject: [], annotations: 7, sourceIPs: {} })],
  ])('%s is not told', async (_, made) => {
    expect(await kinds(made())).toEqual([]);
  });

  test('the same event twice is told once, whatever its stage', async () => {
    const one = event();
    expect(await kinds(one, one, { ...one, stage: 'Panic' })).toEqual(['requested']);
  });

  test('a sealed credential in use is told once in a quarter of an hour, by its certificate', async () => {
    const at = (minutes: number) => ({ requestReceivedTimestamp: new Date(Date.UTC(2026, 2, 1, 2, minutes)).toISOString() });
    const other = { user: { ...sealedUse().user, extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=2'] } } };
    expect(await kinds(sealedUse(at(0)), sealedUse(at(1)), sealedUse(at(14)), sealedUse({ ...at(14), ...other }), sealedUse(at(15)))).toHaveLength(3);
  });

  test('its break-glass is told beside it, and groups can be named', async () => {
    const user = sealedUse().user;
    expect(await kinds(sealedUse(), event({ user }, { roleRef: { name: 'break-glass' }, subjects: [{}] }))).toEqual(['sealed-credential', 'break-glass']);
    write(sealedUse());
    expect((await once('--print', '--sealed-group', 'others')).stdout).toBe('');
  });

  test('only namespaces that are asked for', async () => {
    write(event(), event({ objectRef: { ...event().objectRef, namespace: 'orders' } }), event({ objectRef: { ...event().objectRef, namespace: 'web' } }));
    const { stdout } = await once('--print', '-n', 'orders', '-n', 'web');
    expect(stdout.trim().split('\n').map(line => JSON.parse(line).namespace)).toEqual(['orders', 'web']);
  });

  test('a text is cut, however long', () => {
    const found = notificationOf(event({}, { metadata: { labels: { [`${P}request-for`]: 'x' }, annotations: { [`${P}request-reason`]: 'x'.repeat(100_000) } } }), { namespaces: [], sealedGroups: [] })!;
    expect(found.reason).toHaveLength(501);
  });
});

describe('where to', () => {
  test('a webhook gets JSON, with a token of a file, and the command that an approver runs', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'TOKEN\n');
    write(event());
    const ended = await notify([log, '--once', '--webhook'], { env: { SECURE_DEBUG_WEBHOOK_URL: inbox.url, SECURE_DEBUG_WEBHOOK_TOKEN_FILE: file } });
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(inbox.got).toEqual([{
      path: '/in/SECRET-PATH',
      headers: expect.objectContaining({ authorization: 'Bearer TOKEN' }),
      body: expect.objectContaining({
        kind: 'AccessNotification',
        event: 'requested',
        user: 'alice',
        namespace: 'payments',
        role: 'debug-grant',
        reason: 'ledger is stuck',
        ticket: 'INC-42',
        summary: 'alice asks for debug-grant:alice in payments (INC-42): ledger is stuck',
        next: 'secure-debug approve alice -n payments',
      }),
    }]);
  });

  test('in Slack nobody is mentioned and nothing is a link, whatever a reason says', async () => {
    const reason = '<!channel> <https://evil.example|approve> *bold* &amp; \u202eright-to-left\nnext @here';
    write(event({ user: { username: 'a<b>; rm -rf ~', groups: [] } }, { metadata: { labels: { [`${P}request-for`]: 'x' }, annotations: { [`${P}request-reason`]: reason } } }));
    await once('--slack');
    const { text, blocks, link_names: linkNames, mrkdwn } = inbox.got[0].body;
    expect(text).toContain('&lt;!channel&gt; &lt;https://evil.example|approve&gt; *bold* &amp;amp; \\u202eright-to-left\\nnext @here');
    expect(text).not.toMatch(/[<>]/);
    expect([linkNames, mrkdwn]).toEqual([false, false]);
    expect(new Set(blocks.map((one: any) => one.text.type))).toEqual(new Set(['plain_text']));
    // Nobody is invited to copy what would be a command of its own.
    expect(blocks.at(-1).text.text).toBe('secure-debug approve NAME -n payments');
  });

  test('in PagerDuty a request is opened, seen and resolved as one; who takes what is theirs wakes nobody', async () => {
    write(event(), patched({ [`${P}approvals`]: 'bob as leads' }, 'approve'), patched({ [`${P}approvals`]: 'x' }, 'approve', { subjects: [{}] }), event({}, { subjects: [{}] }), sealedUse());
    await once('--pagerduty');
    expect(inbox.got.map(({ body }) => [body.event_action, body.dedup_key, body.payload.severity])).toEqual([
      ['trigger', 'secure-debug/payments/debug-grant:alice', 'warning'],
      ['acknowledge', 'secure-debug/payments/debug-grant:alice', 'warning'],
      ['resolve', 'secure-debug/payments/debug-grant:alice', 'warning'],
      ['trigger', 'secure-debug/sealed/break-glass-1', 'critical'],
    ]);
    expect(inbox.got[0].body).toMatchObject({ routing_key: 'KEY', payload: { class: 'requested', source: 'payments' } });
  });

  test('what fails for a while is tried again, later each time, or when the target says', async () => {
    write(event());
    inbox.answers = [{ status: 500 }, { status: 429, headers: { 'retry-after': '7' } }, { status: 503, headers: { 'retry-after': '86400' } }];
    expect((await once('--webhook')).code).toBe(0);
    expect([inbox.got.length, slept]).toEqual([4, [1_000, 7_000, 60_000]]);
  });

  test('after five attempts it says so, without the address, and goes on with the next', async () => {
    write(event(), event());
    inbox.answers = Array.from({ length: 5 }, () => ({ status: 500 }));
    const { code, stderr } = await once('--webhook');
    expect([code, inbox.got.length]).toEqual([1, 6]);
    expect(stderr).toMatch(/^NOT DELIVERED to webhook: it answered 500; audit event id-\d+: alice requested payments\/debug-grant:alice\n$/);
    expect(stderr).not.toContain('SECRET-PATH');
  });

  test.each([[400], [404], [302]])('%d is final, and no redirection is followed', async status => {
    write(event());
    inbox.answers = [{ status, headers: { location: inbox.url } }];
    expect((await once('--webhook')).code).toBe(1);
    expect(inbox.got).toHaveLength(1);
  });

  test('one that is down holds up no other', async () => {
    write(event());
    const env = { SECURE_DEBUG_WEBHOOK_URL: 'http://127.0.0.1:1/', SECURE_DEBUG_SLACK_URL: inbox.url };
    const { code, stderr } = await notify([log, '--once', '--webhook', '--slack'], { env });
    expect([code, inbox.got.length, slept.length]).toEqual([1, 1, 4]);
    expect(stderr).toMatch(/NOT DELIVERED to webhook: it cannot be reached \(ECONNREFUSED\)/);
  });
});

describe('wrong use', () => {
  test.each([
    [['LOG', '--once'], {}, /There is nobody to notify/],
    [['LOG', '--slack'], {}, /SECURE_DEBUG_SLACK_URL is not set/],
    [['LOG', '--pagerduty'], {}, /SECURE_DEBUG_PAGERDUTY_KEY is not set/],
    [['LOG', '--slack'], { SECURE_DEBUG_SLACK_URL: 'http://hooks.example/SECRET' }, /SECURE_DEBUG_SLACK_URL is no https:\/\/ address/],
    [['LOG', '--slack'], { SECURE_DEBUG_SLACK_URL: 'SECRET' }, /is no https:\/\/ address/],
    [['LOG', '--webhook'], { SECURE_DEBUG_WEBHOOK_URL_FILE: '/no/such/file' }, /SECURE_DEBUG_WEBHOOK_URL_FILE cannot be read: ENOENT/],
    [['LOG', '-', '--print'], {}, /contradict each other/],
    [['/no/such/log', '--once', '--print'], {}, /\/no\/such\/log is not there/],
    [['--print'], {}, /There is no standard input/],
    [['LOG', '--slack', 'https://hooks.example/SECRET', '--once'], { SECURE_DEBUG_SLACK_URL: 'https://hooks.example/x' }, /is not there/],
  ])('%j with %j', async (args, env, message) => {
    write();
    const { code, stderr } = await notify(args.map(one => one === 'LOG' ? log : one), { env });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
  });

  test('a line that is no JSON is told, a few times, and left out', async () => {
    write('nonsense\u001b[2J', ...Array(20).fill('{'), event());
    const { code, stdout, stderr } = await once('--print');
    expect([code, stdout.split('\n').length, stderr.split('\n').length]).toEqual([0, 2, 6]);
    expect(stderr).toContain('nonsense\\u001b[2J');
  });
});

test('standard input is read to its end, also a last line without an end', async () => {
  const text = JSON.stringify(event({}, { metadata: { labels: { [`${P}request-for`]: 'x' }, annotations: { [`${P}request-reason`]: 'größer' } } }));
  const bytes = Buffer.from(`${JSON.stringify(event())}\n${text}`);
  const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(i * 7, i * 7 + 7));
  const { stdout } = await notify(['-', '--print'], { stdin: Readable.from(pieces) as any });
  expect(stdout.trim().split('\n').map(line => JSON.parse(line).reason)).toEqual(['ledger is stuck', 'größer']);
});

test('follows a log that grows, is renamed, comes again, and is cut short; nothing is lost or told twice', async () => {
  write(event({ user: { username: 'before' } }));
  const steps: (() => void)[] = [
    () => appendFileSync(log, JSON.stringify(event({ user: { username: 'one' } }))),
    () => appendFileSync(log, `\n${JSON.stringify(event({ user: { username: 'two' } }))}\n`),
    () => {
      renameSync(log, `${log}.1`);
      appendFileSync(`${log}.1`, `${JSON.stringify(event({ user: { username: 'three' } }))}\n`);
    },
    () => write(event({ user: { username: 'four' } })),
    () => undefined,
    () => { truncateSync(log); appendFileSync(log, `${JSON.stringify(event({ user: { username: 'V' } }))}\n`); },
    () => rmSync(log),
    () => write(event({ user: { username: 'six' } })),
    () => undefined,
    () => { throw new Error('stop'); },
  ];
  let printed = '';
  await notify([log, '--print'], { stdout: { write: text => { printed += text; } }, sleep: async () => steps.shift()!() });
  expect(printed.trim().split('\n').map(line => JSON.parse(line).user)).toEqual(['one', 'two', 'three', 'four', 'V', 'six']);
});

test('--from-start tells what is there already; a log that is not there yet is waited for', async () => {
  let printed = '';
  const steps = [() => write(event()), () => undefined, () => { throw new Error('stop'); }];
  await notify([log, '--print', '--from-start'], { stdout: { write: text => { printed += text; } }, sleep: async () => steps.shift()!() });
  expect(JSON.parse(printed)).toMatchObject({ event: 'requested' });
});

test('a line without end fills no memory', () => {
  const lines = new Lines();
  const piece = Buffer.alloc(1_048_576, 'x');
  for (let i = 0; i < 20; i++) expect(lines.take(piece)).toEqual([]);
  expect(lines.dropped).toBe(1);
  expect(lines.take(Buffer.from('end\nnext\n'))).toEqual(['next']);
});
