import { FakeCluster } from './fake-cluster';

const P = 'secure-debug.internal/';
const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces/payments';
const TERMS = { 'max-seconds': '3600', 'approvals-needed': '2', 'approvers': 'leads\nsecurity', 'quorum': 'security=1', 'auto-approve': 'oncall', 'ticket-pattern': 'INC-[0-9]+' };
const RULES = [
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  { apiGroups: [''], resources: ['pods/exec'], verbs: ['create', 'get'], resourceNames: ['ledger-0'] },
  { apiGroups: ['secure-debug.internal'], resources: ['commandsets'], verbs: ['use'], resourceNames: ['diag'] },
];
const ASK = ['request', '--reason', 'ledger stuck', '--ticket', 'INC-7'];

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await new FakeCluster([
    { name: 'alice', groups: ['developers'], rules: [{ apiGroups: ['secure-debug.internal'], resources: ['accessrequests'], verbs: ['request'], resourceNames: ['debug-grant'] }] },
    { name: 'bob', groups: ['leads'] },
    { name: 'carol', groups: ['security', 'leads'] },
    { name: 'dave', groups: ['oncall'] },
    { name: 'erin', groups: ['leads'] },
  ]).start();
  cluster.requestable('debug-grant', TERMS, RULES);
});
afterEach(() => cluster.stop());

const changes = () => cluster.asked.filter(({ method, path, query }) => method !== 'GET' && !path.includes('selfsubject') && !query.has('dryRun'))
  .map(({ method, path }) => `${method} ${path.split('/').slice(path.includes('namespaces') ? 6 : 4).join('/')}`);

describe('request', () => {
  test('creates the timer, then the RoleBinding that it owns and that ends with it', async () => {
    const { code, stdout } = await cluster.as('alice', [...ASK, '--for', '20m']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Requested debug-grant in payments until \d\d:\d\d:\d\d UTC on .* \((20m|19m 5\ds) left\)\. It needs approval: 1 of security, 1 of leads or security\.$/m);
    expect(stdout).toMatch(/secure-debug approve alice -n payments$/m);
    expect(changes()).toEqual(['POST jobs', 'POST rolebindings']);
    const timer = cluster.objects.get('/apis/batch/v1/namespaces/payments/jobs/debug-timer-1200-abc');
    const made = cluster.request('debug-grant:alice');
    expect(made.subjects).toBeUndefined();
    expect(made.metadata.ownerReferences).toEqual([{ apiVersion: 'batch/v1', kind: 'Job', name: 'debug-timer-1200-abc', uid: timer.metadata.uid }]);
    expect(Date.parse(made.metadata.annotations[`${P}expires-at`]) - Date.parse(timer.metadata.creationTimestamp)).toBe(1_200_000);
  });

  test('is tried without effect first, so a refusal by a policy leaves no timer behind', async () => {
    cluster.refuse = ({ path, method }) => method === 'POST' && path.endsWith('/rolebindings')
      ? { status: 403, message: 'rolebindings "debug-grant:alice" is forbidden: ValidatingAdmissionPolicy \'secure-debug-requests\' with binding \'secure-debug-requests\' denied request: the timer is longer' }
      : undefined;
    const { code, stderr } = await cluster.as('alice', ASK);
    expect(code).toBe(1);
    expect(stderr).toBe('error: The policy secure-debug-requests refused it: the timer is longer.\n');
    expect(changes()).toEqual([]);
  });

  test('says which timer stays when the RoleBinding fails after all, and that it ends by itself', async () => {
    cluster.refuse = ({ path, method, query }) => method === 'POST' && path.endsWith('/rolebindings') && !query.has('dryRun') ? { status: 500, message: 'etcd is away' } : undefined;
    const { code, stderr } = await cluster.as('alice', ASK);
    expect(code).toBe(1);
    expect(stderr).toMatch(/The timer debug-timer-1800-abc stays behind; it grants nothing, and ends by itself in 30m\.\nerror: The API server cannot answer now \(500\): etcd is away\. Fix: try again/);
  });

  test('whose groups need no approval has it at once, with the commands to go on with', async () => {
    const { code, stdout } = await cluster.as('dave', ASK);
    expect(code).toBe(0);
    expect(cluster.request('debug-grant:dave').subjects).toEqual([{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'dave' }]);
    expect(stdout).toMatch(/^You have debug-grant in payments until /);
    expect(stdout).toContain([
      '  kubectl -n payments get pods',
      '  kubectl -n payments logs POD --tail=100',
      '  kubectl -n payments exec -it ledger-0 -- COMMAND  # of the command sets: diag',
      'Done early?  secure-debug withdraw debug-grant -n payments',
    ].join('\n'));
  });

  test('the lines to copy name the context that was chosen', async () => {
    const { stdout } = await cluster.as('dave', [...ASK, '--context', 'prod eu', '--kubeconfig', '/k']);
    expect(stdout).toContain('kubectl -n payments get pods --kubeconfig /k --context \'prod eu\'');
  });

  test.each([
    [['request'], /--reason is missing.*Fix: --reason/],
    [['request', '--reason', '  '], /--reason is missing/],
    [['request', '--reason', 'x'.repeat(1001)], /--reason has 1001 characters, the limit is 1000/],
    [['request', '--reason', 'a\nb', '--ticket', 'INC-1'], /--reason contains line ends or control characters/],
    [['request', '--reason', 'x'], /--ticket is missing: debug-grant wants one that matches INC-\[0-9\]\+/],
    [['request', '--reason', 'x', '--ticket', 'XINC-7'], /--ticket XINC-7 does not match INC-\[0-9\]\+/],
    [[...ASK, '--for', '61m'], /--for 1h 1m is more than debug-grant allows you in payments: 1h\. Fix: --for 1h;/],
    [[...ASK, '--for', 'soon'], /--for soon is no duration\. Fix: .*30m/],
    [[...ASK, '--for', '0m'], /is no time at all/],
    [[...ASK, '--wait', 'long'], /--wait long is no duration/],
    [[...ASK, 'break-glass'], /The Role break-glass cannot be requested in payments\. Fix: choose one of: debug-grant\./],
    [[...ASK, '-n', 'search'], /cannot be requested in search\. Fix: name another namespace with -n/],
    [[...ASK, '-n', 'Search'], /-n Search is no namespace's name/],
    [[...ASK, 'debug-grant', '--profile', 'x'], /contradict each other/],
    [[...ASK, '--profile', 'x'], /The Role debug-grant-x cannot be requested/],
    [[...ASK, '--forever'], /unknown option '--forever'.*Fix: secure-debug --help/],
  ])('wrong use is told in one sentence, and nothing is sent that changes anything: %j', async (args, message) => {
    const { code, stderr, stdout } = await cluster.as('alice', args);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect([code, stdout]).toEqual([2, '']);
    expect(changes()).toEqual([]);
  });

  test('a pattern that JavaScript does not know is left to the cluster', async () => {
    cluster.requestable('debug-grant', { ...TERMS, 'ticket-pattern': '(?i)inc-[0-9]+' });
    expect((await cluster.as('alice', ['request', '--reason', 'x', '--ticket', 'Inc-1'])).code).toBe(0);
  });

  test('takes half an hour, or less where the Role allows less', async () => {
    cluster.requestable('debug-grant', { ...TERMS, 'max-seconds': '600' });
    await cluster.as('alice', ASK);
    expect([...cluster.objects.keys()].some(path => path.endsWith('/debug-timer-600-abc'))).toBe(true);
  });

  test('there is one a person and Role: a second is an error that says how to end the first', async () => {
    await cluster.as('alice', ASK);
    const { code, stderr } = await cluster.as('alice', ASK);
    expect(code).toBe(1);
    expect(stderr).toMatch(/You asked for debug-grant in payments already, until .*Fix: .*secure-debug withdraw debug-grant -n payments/);
  });

  test('one that is over makes room for the next', async () => {
    await cluster.as('alice', ASK);
    await cluster.as('alice', ['withdraw']);
    const former = cluster.request('debug-grant:alice').metadata.uid;
    expect((await cluster.as('alice', ASK)).code).toBe(0);
    expect(cluster.asked.find(({ method }) => method === 'DELETE')!.body.preconditions).toEqual({ uid: former });
    expect(cluster.request('debug-grant:alice').metadata.uid).not.toBe(former);
  });

  test('one that was revoked stays until its timer ends, and says who can remove it before', async () => {
    await cluster.as('dave', ASK);
    await cluster.as('bob', ['revoke', '--user', 'dave', '--reason', 'over']);
    cluster.refuse = ({ method }) => method === 'DELETE' ? { status: 403, message: 'one that was revoked stays' } : undefined;
    const { code, stderr } = await cluster.as('dave', ASK);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Your request for debug-grant in payments was revoked by bob \(over\), and stays until .*kubectl -n payments delete rolebinding debug-grant:dave$/m);
  });

  test('is judged by the clock of the API server, not by that of a laptop', async () => {
    cluster.ahead = 3_600_000;
    await cluster.as('alice', ASK);
    const { stdout } = await cluster.as('alice', ['list']);
    expect(stdout).toMatch(/debug-grant +alice +pending +(30m|29m 5\ds)/);
  });
});

describe('--wait', () => {
  const approveAfter = (polls: number, change: (binding: any) => any) => {
    let seen = 0;
    cluster.meanwhile = ({ method, path }) => {
      if (method !== 'GET' || !path.endsWith('/debug-grant:alice') || !cluster.request('debug-grant:alice') || ++seen !== polls) return;
      cluster.put(`${RBAC}/rolebindings`, change(cluster.request('debug-grant:alice')));
    };
  };
  const annotated = (binding: any, said: Record<string, string>) => ({
    ...binding, metadata: { ...binding.metadata, annotations: { ...binding.metadata.annotations, ...Object.fromEntries(Object.entries(said).map(([key, value]) => [`${P}${key}`, value])) } },
  });

  test('ends with the commands once it is approved, and tells who approved', async () => {
    approveAfter(2, binding => ({ ...annotated(binding, { approvals: 'bob as leads\ncarol as security' }), subjects: [{ kind: 'User', name: 'alice' }] }));
    const { code, stdout, stderr } = await cluster.as('alice', [...ASK, '--wait']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^You have debug-grant in payments/);
    expect(stderr).toMatch(/It needs approval[\s\S]*bob approved as leads\.\ncarol approved as security\.\n$/);
    expect(stderr).not.toContain('\u001b');
  });

  test('ends with status 1 and the reason when it is denied; what others wrote cannot steer the terminal', async () => {
    approveAfter(1, binding => annotated(binding, { 'closed': 'denied', 'closed-by': 'bob', 'closed-reason': 'not now\u001b[2J\u202e' }));
    const { code, stdout } = await cluster.as('alice', [...ASK, '--wait']);
    expect([code, stdout]).toEqual([1, 'Was denied by bob: not now\\u001b[2J\\u202e. You do not have debug-grant in payments.\n']);
  });

  test('ends with status 1 when the timer was faster', async () => {
    approveAfter(1, binding => binding);
    let polls = 0;
    cluster.meanwhile = ({ method, path }) => {
      if (method === 'GET' && path.endsWith('/debug-grant:alice') && cluster.request('debug-grant:alice') && ++polls === 2) cluster.objects.delete(`${RBAC}/rolebindings/debug-grant:alice`);
    };
    const { code, stdout } = await cluster.as('alice', [...ASK, '--wait']);
    expect([code, stdout]).toEqual([1, 'Expired. You do not have debug-grant in payments.\n']);
  });

  test('gives up after so long, and the request stays open', async () => {
    const clock = jest.spyOn(Date, 'now');
    const begin = Date.now();
    clock.mockImplementation(() => begin + cluster.slept);
    const { code, stdout } = await cluster.as('alice', [...ASK, '--wait', '10s']).finally(() => clock.mockRestore());
    expect([code, cluster.slept]).toEqual([1, 10_000]);
    expect(stdout).toMatch(/^Nobody approved debug-grant in payments in time; the request stays open until /);
  });

  test('shows how long on a terminal, on one line, and clears it', async () => {
    const clock = jest.spyOn(Date, 'now');
    const begin = Date.now();
    clock.mockImplementation(() => begin + cluster.slept);
    const { stderr } = await cluster.as('alice', [...ASK, '--wait', '4s'], { tty: true }).finally(() => clock.mockRestore());
    expect(stderr).toMatch(/⠋ waiting for 1 of security, 1 of leads or security, 0s; expires in (30m|29m 59s)/);
    expect(stderr.endsWith('\r\u001b[2K')).toBe(true);
  });
});

describe('approve', () => {
  beforeEach(() => cluster.as('alice', ASK));

  test('adds one\'s own name; with the last the requester has the Role', async () => {
    const first = await cluster.as('bob', ['approve', 'alice']);
    expect(first.stdout).toBe('Approved as leads. alice does not have debug-grant yet; it still needs 1 of security.\nReason: ledger stuck (INC-7)\n');
    expect(cluster.request('debug-grant:alice').subjects).toBeUndefined();
    const second = await cluster.as('carol', ['approve', 'debug-grant:alice']);
    expect(second.stdout).toMatch(/^Approved as security\. alice has debug-grant in payments until /);
    expect(cluster.request('debug-grant:alice')).toMatchObject({
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'alice' }],
      metadata: { annotations: { [`${P}approvals`]: 'bob as leads\ncarol as security' } },
    });
  });

  test('--as-group says as whose member', async () => {
    expect((await cluster.as('carol', ['approve', 'alice', '--as-group', 'leads'])).stdout).toMatch(/^Approved as leads\./);
    expect((await cluster.as('carol', ['approve', 'alice', '--as-group', 'leads'])).stderr).toMatch(/You approved debug-grant:alice already.*1 of security/);
  });

  test.each([
    ['alice', ['approve', 'alice'], 1, /You asked for debug-grant yourself.*ask a member of leads or security/],
    ['dave', ['approve', 'alice'], 1, /You are in none of the groups that approve debug-grant/],
    ['bob', ['approve', 'alice', '--as-group', 'security'], 2, /--as-group security is no group of yours.*use one of: leads/],
    ['bob', ['approve', 'mallory'], 1, /There is no request of mallory in payments\. Fix: choose one of: debug-grant:alice/],
    ['bob', ['approve', 'alice', '-n', 'search'], 1, /There is no request of alice in search\. Fix: nobody asks there now/],
    ['bob', ['approve'], 2, /missing required argument 'name-or-user'/],
  ])('%s: %j is refused', async (person, args, status, message) => {
    const { code, stderr } = await cluster.as(person, args);
    expect(stderr).toMatch(message);
    expect(code).toBe(status);
    expect(cluster.request('debug-grant:alice').metadata.annotations).not.toHaveProperty(`${P}approvals`);
  });

  test('when two approve at once, the slower looks again and adds to the other\'s', async () => {
    let raced = false;
    cluster.meanwhile = ({ method, path, user }) => {
      if (raced || method !== 'GET' || user !== 'carol' || !path.endsWith('/rolebindings')) return;
      raced = true;
      const { metadata, ...rest } = cluster.request('debug-grant:alice');
      cluster.put(`${RBAC}/rolebindings`, { ...rest, metadata: { ...metadata, annotations: { ...metadata.annotations, [`${P}approvals`]: 'bob as leads' } } });
    };
    const { code, stdout } = await cluster.as('carol', ['approve', 'alice']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Approved as security\. alice has debug-grant/);
    expect(cluster.request('debug-grant:alice').metadata.annotations[`${P}approvals`]).toBe('bob as leads\ncarol as security');
  });

  test('when it was withdrawn meanwhile, nothing is approved', async () => {
    let raced = false;
    cluster.meanwhile = ({ method, path, user }) => {
      if (raced || method !== 'GET' || user !== 'bob' || !path.endsWith('/rolebindings')) return;
      raced = true;
      const { metadata, ...rest } = cluster.request('debug-grant:alice');
      cluster.put(`${RBAC}/rolebindings`, { ...rest, metadata: { ...metadata, annotations: { ...metadata.annotations, [`${P}closed`]: 'withdrawn' } } });
    };
    const { code, stderr } = await cluster.as('bob', ['approve', 'alice']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/The request debug-grant:alice is withdrawn meanwhile/)]);
  });

  test('a person with several requests has to be told apart by name', async () => {
    cluster.requestable('debug-grant-heap', TERMS);
    await cluster.as('alice', [...ASK, '--profile', 'heap']);
    expect((await cluster.as('bob', ['approve', 'alice'])).stderr).toMatch(/alice has several requests in payments: debug-grant-heap:alice, debug-grant:alice\. Fix: give the name of one/);
  });
});

describe('deny, revoke and withdraw', () => {
  const said = (name: string) => cluster.request(name).metadata.annotations;
  const grant = async () => {
    await cluster.as('bob', ['approve', 'alice']);
    await cluster.as('carol', ['approve', 'alice']);
  };
  beforeEach(() => cluster.as('alice', ASK));

  test('a request is denied with a reason, for good', async () => {
    const { code, stdout } = await cluster.as('bob', ['deny', 'alice', '--reason', 'use the dashboard']);
    expect([code, stdout]).toEqual([0, 'Denied: alice, debug-grant in payments: use the dashboard\n']);
    expect(said('debug-grant:alice')).toMatchObject({ [`${P}closed`]: 'denied', [`${P}closed-by`]: 'bob', [`${P}closed-reason`]: 'use the dashboard' });
    expect((await cluster.as('bob', ['approve', 'alice'])).stderr).toMatch(/is already denied \(by bob: use the dashboard\)/);
  });

  test('what is granted is revoked, not denied', async () => {
    await grant();
    expect((await cluster.as('bob', ['deny', 'alice', '--reason', 'x'])).stderr).toMatch(/is granted already\. Fix: secure-debug revoke debug-grant:alice -n payments/);
    const { stdout } = await cluster.as('bob', ['revoke', 'debug-grant:alice', '--reason', 'over']);
    expect(stdout).toMatch(/^Was revoked: alice, debug-grant in payments: over\nA stream that is open already/);
    expect(cluster.request('debug-grant:alice').subjects).toBeUndefined();
    expect(said('debug-grant:alice')[`${P}closed`]).toBe('revoked');
  });

  test('all of a person end, in all namespaces, also what waits', async () => {
    cluster.requestable('debug-grant', TERMS, [], 'search');
    await cluster.as('alice', [...ASK, '-n', 'search']);
    await cluster.as('dave', ASK);
    await grant();
    const { code, stdout } = await cluster.as('bob', ['revoke', '--user', 'alice', '-A', '--reason', 'left the company', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).ended.map((one: any) => [one.namespace, one.state])).toEqual([['payments', 'revoked'], ['search', 'denied']]);
    expect(cluster.request('debug-grant:dave').subjects).toHaveLength(1);
  });

  test('all of a ticket end; nothing to end is no failure', async () => {
    await cluster.as('dave', ['request', '--reason', 'x', '--ticket', 'INC-8']);
    expect((await cluster.as('bob', ['revoke', '--ticket', 'INC-8', '--reason', 'closed'])).stdout).toMatch(/^Was revoked: dave/);
    expect(await cluster.as('bob', ['revoke', '--ticket', 'INC-8', '--reason', 'closed'])).toMatchObject({ code: 0, stdout: 'Nothing of INC-8 is open in payments.\n' });
    expect(said('debug-grant:alice')).not.toHaveProperty(`${P}closed`);
  });

  test('one that fails does not keep the others, and the status says so', async () => {
    await cluster.as('dave', ASK);
    cluster.refuse = ({ method, path }) => method === 'PATCH' && path.endsWith(':alice') ? { status: 403, message: 'User "bob" cannot patch resource "rolebindings" in API group "rbac.authorization.k8s.io" in the namespace "payments"' } : undefined;
    const { code, stdout } = await cluster.as('bob', ['revoke', '--ticket', 'INC-7', '--reason', 'x']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/Was revoked: dave[\s\S]*Not ended: payments\/debug-grant:alice: bob may not patch rolebindings in namespace payments\. Fix: ask whoever/);
  });

  test('one\'s own is withdrawn', async () => {
    await grant();
    const { stdout } = await cluster.as('alice', ['withdraw', 'debug-grant', '--reason', 'fixed']);
    expect(stdout).toMatch(/^Withdrawn: alice, debug-grant in payments: fixed\nA stream/);
    expect(said('debug-grant:alice')[`${P}closed`]).toBe('withdrawn');
    expect((await cluster.as('alice', ['withdraw'])).stderr).toMatch(/is already withdrawn/);
    expect((await cluster.as('bob', ['withdraw'])).stderr).toMatch(/There is no request of bob/);
  });

  test.each([
    [['deny', 'alice'], /--reason is missing/],
    [['revoke', '--reason', 'x'], /give a NAME, or --user USER, or --ticket TICKET/],
    [['revoke', 'a', '--user', 'b', '--reason', 'x'], /Say which in one way/],
    [['revoke', '--user', 'a', '--reason', 'x\u0007'], /control characters/],
    [['revoke', '--user', 'a', '--reason', 'x', '-A', '-n', 'payments'], /-n and -A contradict each other/],
  ])('%j is wrong use', async (args, message) => {
    expect(await cluster.as('bob', args)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
  });

  test('one\'s own is not denied', async () => {
    expect((await cluster.as('alice', ['deny', 'alice', '--reason', 'x'])).stderr).toMatch(/It is your own request\. Fix: secure-debug withdraw/);
  });
});

describe('list and status', () => {
  test('list shows what is open, --all also what is over', async () => {
    expect((await cluster.as('bob', ['list'])).stdout).toBe('Nobody asks for or has access in payments (--all shows what is over).\n');
    await cluster.as('alice', ASK);
    await cluster.as('dave', ASK);
    await cluster.as('bob', ['deny', 'alice', '--reason', 'no']);
    const open = (await cluster.as('bob', ['list'])).stdout;
    expect(open).toMatch(/^NAMESPACE +ROLE +WHO +STATE +LEFT +TICKET +APPROVED BY +REASON\npayments +debug-grant +dave +active +\S+( \d+s)? +INC-7 +- +ledger stuck\n$/);
    expect((await cluster.as('bob', ['list', '--all'])).stdout).toMatch(/alice +denied +- +INC-7 +- +ledger stuck \(denied by bob: no\)/);
    expect(JSON.parse((await cluster.as('bob', ['list', '-A', '--json'])).stdout)).toEqual([expect.objectContaining({ requestedBy: 'dave', state: 'active', ticket: 'INC-7' })]);
  });

  test('hostile text is shown, not obeyed, as text and as JSON', async () => {
    cluster.put(`${RBAC}/rolebindings`, {
      metadata: {
        name: 'x',
        namespace: 'payments',
        labels: { [`${P}request-for`]: 'debug-grant' },
        annotations: { [`${P}requested-by`]: 'eve\u001b]0;owned\u0007', [`${P}request-reason`]: 'a\nb\u202ec\u0085\u200b', [`${P}expires-at`]: '2999-01-01T00:00:00Z' },
      },
      roleRef: { name: 'debug-grant' },
    });
    for (const args of [['list'], ['list', '--json']]) {
      const { stdout } = await cluster.as('bob', args);
      expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e]/);
      expect(stdout).toContain('eve\\u001b]0;owned\\u0007');
    }
    expect(JSON.parse((await cluster.as('bob', ['list', '--json'])).stdout)[0].reason).toBe('a\nb\u202ec\u0085\u200b');
  });

  test('colours only on a terminal, and not against the will of who sits there', async () => {
    await cluster.as('dave', ASK);
    expect((await cluster.as('bob', ['list'], { tty: true })).stdout).toContain('\u001b[32mactive');
    expect((await cluster.as('bob', ['list'], { tty: true, env: { NO_COLOR: '1' } })).stdout).not.toContain('\u001b');
    expect((await cluster.as('bob', ['list', '--json'], { tty: true })).stdout).not.toContain('\u001b');
  });

  test('status says who one is, what one can ask for and has, and what one approves', async () => {
    await cluster.as('alice', ASK);
    const { stdout } = await cluster.as('alice', ['status']);
    expect(stdout).toMatch(/^You are alice, in developers\n/);
    expect(stdout).toMatch(/To request in payments\n {2}debug-grant: up to 1h, after 2 approvals by leads or security, 1 of them of security, ticket INC-\[0-9\]\+\n/);
    expect(stdout).toMatch(/You have, or wait for\n {2}debug-grant: pending, until /);
    expect((await cluster.as('carol', ['status'])).stdout).toMatch(/You approve\n {2}debug-grant, as leads or security\n/);
    expect((await cluster.as('dave', ['status'])).stdout).toMatch(/up to 1h, yours at once.*\(not for you\)/);
    expect(JSON.parse((await cluster.as('alice', ['status', '--json'])).stdout)).toMatchObject({
      user: 'alice',
      groups: ['developers'],
      requestable: [{ role: 'debug-grant', yourMaxSeconds: 3600, youNeedApproval: true, youMayRequest: true, youApproveAs: [] }],
      requests: [{ state: 'pending' }],
      guardrailRights: {},
      wildcard: false,
    });
  });

  test('status tells what guardrails let one use, and that a wildcard is not it', async () => {
    const person = cluster.people.find(({ name }) => name === 'bob') as any;
    person.rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }, { apiGroups: ['secure-debug.internal'], resources: ['commandsets'], verbs: ['use'], resourceNames: ['jvm', 'diag'] }];
    const { stdout } = await cluster.as('bob', ['status']);
    expect(stdout).toMatch(/Guardrails let you use\n {2}commandsets: diag, jvm\n {2}You hold every right by a wildcard/);
  });

  test('status of who may not list says so, and shows the rest', async () => {
    cluster.refuse = ({ method }) => method === 'GET' ? { status: 403, message: 'no' } : undefined;
    const { code, stdout } = await cluster.as('dave', ['status']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/You may not list Roles there[\s\S]*You may not list RoleBindings there/);
  });
});

describe('what the API server refuses is told in one sentence with the fix', () => {
  const no = (status: number, message: string) => { cluster.refuse = () => ({ status, message }); };

  test.each([
    [403, 'rolebindings.rbac.authorization.k8s.io is forbidden: User "bob" cannot list resource "rolebindings" in API group "rbac.authorization.k8s.io" at the cluster scope', /^error: bob may not list rolebindings in the whole cluster\. Fix: name a namespace with -n, or ask whoever maintains access/],
    [403, 'x is forbidden: ValidatingAdmissionPolicy \'secure-debug-requests\' with binding \'b\' denied request: expression \'a \'b\' c\' resulted in error: cost limit exceeded', /^error: The policy secure-debug-requests could not decide, and so refused it: cost limit exceeded\. Fix: tell who maintains/],
    [403, 'rolebindings.rbac.authorization.k8s.io "x" is forbidden: user "bob" (groups=["leads"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""]}', /^error: bob is not among those who may request or approve this Role\. Fix: ask a member/],
    [401, 'Unauthorized', /does not know you \(401\)\. Fix: secure-debug whoami says why; log in again/],
    [429, '', /cannot answer now \(429\)/],
    [503, 'apiserver is shutting down', /cannot answer now \(503\): apiserver is shutting down/],
    [418, 'teapot\u001b[2J', /refused GET \/apis\/.*\(418\): teapot\\u001b\[2J/],
  ])('%d %s', async (status, text, message) => {
    no(status, text);
    const { code, stderr } = await cluster.as('bob', ['list', '-A']);
    expect(stderr).toMatch(message);
    expect([code, stderr.trimEnd().split('\n').length]).toEqual([1, 1]);
  });

  test('as JSON for scripts', async () => {
    no(403, 'no');
    const { code, stdout, stderr } = await cluster.as('bob', ['list', '--json']);
    expect([code, stdout]).toEqual([1, '']);
    expect(JSON.parse(stderr)).toEqual({ error: expect.stringContaining('(403): no'), status: 403 });
  });

  test('no API server at all', async () => {
    const { code, stderr } = await cluster.as('bob', ['list'], { server: 'http://127.0.0.1:1' });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: The API server http:\/\/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED.*Fix: check the network, the VPN/)]);
  });

  test('a fault of the program itself shows no stack', async () => {
    cluster.people[1] = { name: 'bob', groups: undefined as any };
    cluster.put(`${RBAC}/rolebindings`, { metadata: { name: 'x', labels: { [`${P}request-for`]: 'r' }, annotations: { [`${P}expires-at`]: 7 } }, roleRef: {} });
    const { code, stderr } = await cluster.as('bob', ['list', '--all']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: Unexpected: .*This is a fault of secure-debug; please report it\.\n$/)]);
  });
});
