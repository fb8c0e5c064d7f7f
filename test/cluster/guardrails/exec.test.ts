import { execPath, guardrail, NAMESPACE, OTHER, POD, POLICY, raise, raze } from './exec-scene';
import { GuardrailMode } from '../../../src';
import { AuditLog } from '../lab/audit-log';
import { testIf, theCluster } from '../lab/cluster';
import { admin, apply, asAdmin, kubectl, Person } from '../lab/kubectl';
import { eventually } from '../lab/process';
import { Opening, openStream } from '../lab/verdict';

const cluster = theCluster();
let who: Record<string, Person> = {};

beforeAll(async () => { who = await raise(cluster); });
afterAll(() => raze(cluster));

const OPENINGS: Opening[] = ['WebSocket', 'SPDY', 'GET', 'POST'];
const BY_POLICY = `refused by ${POLICY}`;
const as = (name: string) => (name === 'admin' ? admin(cluster) : who[name]);
const tried = async (name: string, path: string, opening?: Opening, headers?: { [name: string]: string }) =>
  (await openStream(as(name), path, opening, headers)).verdict;

describe('the policy', () => {
  it('has clean type checking', async () => {
    const { status } = JSON.parse(await asAdmin(cluster, ['get', 'validatingadmissionpolicy', POLICY, '-o', 'json']));
    expect(status?.typeChecking?.expressionWarnings ?? []).toEqual([]);
  });
});

describe('on call, with diagnostics only, these are let through', () => {
  it.each<[string, string[]]>([
    ['a listed command', ['ls', '-l']],
    ['a listed command with a path', ['ls', '-la', '/var/log/app']],
    ['a name to look up', ['nslookup', 'web.payments.svc']],
    ['what kubectl cp runs for a granted directory', ['tar', 'cf', '-', '/var/log/app']],
    ['quotes, markup, unicode and CEL that are listed', ['echo', '"\'\\`${x}', '</script>', 'ünïcödé 💥', '\') || true || (\'']],
  ])('%s', async (_what, argv) => {
    for (const opening of OPENINGS) expect({ opening, verdict: await tried('alice-exec', execPath(argv), opening) }).toEqual({ opening, verdict: 'passed' });
  });
});

describe('on call, with diagnostics only, these are refused, by every way of opening a stream', () => {
  it.each<[string, string[]]>([
    ['a shell with a command', ['sh', '-c', 'id']],
    ['a shell', ['sh']],
    ['a shell by its path', ['/bin/sh']],
    ['a shell behind busybox', ['busybox', 'sh']],
    ['a listed command behind busybox', ['busybox', 'ls', '-l']],
    ['a shell behind env', ['env', 'sh']],
    ['a listed command behind env', ['env', 'ls']],
    ['a listed command behind timeout', ['timeout', '5', 'ls']],
    ['a listed command behind nsenter', ['nsenter', '-t', '1', 'ls']],
    ['a listed command by its path', ['/bin/ls', '-l']],
    ['a listed command by a relative path', ['./ls', '-l']],
    ['a listed command from another directory', ['/tmp/ls']],
    ['a listed command in capitals', ['LS', '-l']],
    ['a command that looks like a listed one', ['ⅼs', '-l']],
    ['a listed line as one word', ['ls -l']],
    ['two words in one, divided by a line end', ['ls\n-l']],
    ['a line end behind a listed command', ['ls\n']],
    ['a listed command with a second one behind a semicolon', ['ls', '-l;id']],
    ['an empty word behind a listed command', ['ls', '-l', '']],
    ['an empty word before a listed command', ['', 'ls', '-l']],
    ['blanks around a listed command', [' ls', '-l']],
    ['a path out of a granted directory', ['tar', 'cf', '-', '/var/log/../../etc/shadow']],
    ['a directory that begins like a granted one', ['tar', 'cf', '-', '/var/logs']],
    ['tar that runs a command', ['tar', 'cf', '-', '--to-command=sh', '/var/log']],
    ['tar that writes', ['tar', 'xmf', '-', '-C', '/var/log']],
    ['a hidden file', ['ls', '-la', '/root/.ssh']],
    ['a path through ..', ['ls', '-la', '/etc/../root']],
    ['one file more', ['cat', '/etc/hosts', '/etc/shadow']],
    ['the environment of the first process', ['cat', '/proc/1/environ']],
    ['an option where a name is granted', ['nslookup', '-debug']],
    ['a substitution where a name is granted', ['nslookup', '$(id)']],
    ['a listed one with other quotes', ['echo', '"\'\\`${x}', '</script>', 'ünïcödé 💥', '\') || true || (']],
    ['a set of somebody else', ['bash']],
    ['a thousand words', Array<string>(1000).fill('ls')],
    ['a word of 60,000 characters', ['ls', 'a'.repeat(60_000)]],
  ])('%s', async (_what, argv) => {
    for (const opening of OPENINGS) expect({ opening, verdict: await tried('alice-exec', execPath(argv), opening) }).toEqual({ opening, verdict: BY_POLICY });
  });

  it('a listed command with a terminal', async () => expect(await tried('alice-exec', execPath(['ls'], { tty: 'true' }))).toBe(BY_POLICY));
  it('a listed command with input', async () => expect(await tried('alice-exec', execPath(['ls'], { stdin: 'true' }))).toBe(BY_POLICY));
  it('no command at all', async () => expect(await tried('alice-exec', execPath([]))).toBe(BY_POLICY));
  it('a listed command in a namespace where it is not granted', async () => expect(await tried('alice-exec', execPath(['ls'], {}, OTHER))).toBe(BY_POLICY));
});

describe('who has the right on pods, but no command set that counts, is refused a listed command and a shell', () => {
  it.each([
    ['who was given no set', 'erin-exec'],
    ['who was given one in another namespace', 'frank-exec'],
    ['who has everything by a ClusterRole', 'carol-exec'],
    ['who has everything, and is on call too: the log and the policy see the ClusterRole first', 'grace-exec'],
    ['who has everything in the namespace', 'dave-exec'],
    ['who may use every set in the whole cluster', 'heidi-exec'],
    ['who may use every set by a Role of another name, and by a ClusterRole bound in the namespace', 'ivan-exec'],
    ['a ServiceAccount', 'robot'],
    ['system:masters', 'admin'],
  ])('%s', async (_what, name) => {
    for (const argv of [['ls'], ['sh'], ['sh', '-c', 'id']]) expect({ argv, verdict: await tried(name, execPath(argv)) }).toEqual({ argv, verdict: BY_POLICY });
  });

  it('who may impersonate somebody on call gets what that one may, and no more', async () => {
    const asAlice = { 'impersonate-user': 'alice-exec', 'impersonate-group': 'sd-oncall' };
    expect(await tried('judy-exec', execPath(['ls']), 'WebSocket', asAlice)).toBe('passed');
    expect(await tried('judy-exec', execPath(['sh']), 'WebSocket', asAlice)).toBe(BY_POLICY);
    expect(await tried('judy-exec', execPath(['ls']), 'WebSocket', { 'impersonate-user': 'alice-exec', 'impersonate-group': 'sd-shell' })).toBe('refused by RBAC');
  });
});

describe('who was given a shell', () => {
  it.each<[string, string[], { [flag: string]: string }]>([
    ['a shell with a terminal', ['sh'], { tty: 'true', stdin: 'true' }], ['bash', ['/bin/bash'], { stdin: 'true' }], ['a listed command', ['ps'], {}],
  ])('%s is let through', async (_what, argv, options) => expect(await tried('bob-exec', execPath(argv, options))).toBe('passed'));

  it.each<[string, string[], { [flag: string]: string }]>([
    ['a shell with a command, which the set does not contain', ['sh', '-c', 'id'], {}],
    ['a listed command with a terminal, since its own set has none', ['ps'], { tty: 'true' }],
    ['copies, which are another set', ['tar', 'cf', '-', '/var/log'], {}],
  ])('%s is refused', async (_what, argv, options) => expect(await tried('bob-exec', execPath(argv, options))).toBe(BY_POLICY));
});

const podPath = (rest: string, ns = NAMESPACE) => `/api/v1/namespaces/${ns}/pods/${rest}`;
const attach = (container?: string) => podPath(`${POD}/attach?stdout=true${container === undefined ? '' : `&container=${container}`}`);

describe('the other streams', () => {
  it.each([
    ['attach to the application', attach('app'), BY_POLICY, 'passed'],
    ['attach to a container that is not named', attach(), BY_POLICY, 'passed'],
    ['attach to a container whose name only contains that of a debugger', attach('x-debugger-1'), BY_POLICY, 'passed'],
    ['attach to a container whose name only begins like that of a debugger', attach('debuggers'), BY_POLICY, 'passed'],
    ['attach to a debug container', attach('debugger-abcde'), 'passed', 'passed'],
    ['attach to the container that debugs a node', attach('debugger'), 'passed', 'passed'],
    ['port-forward', podPath(`${POD}/portforward?ports=8080`), BY_POLICY, 'passed'],
    ['the proxy to a pod', podPath(`${POD}/proxy/`), BY_POLICY, 'passed'],
    ['the proxy to a pod with a scheme and a port', podPath(`http:${POD}:8080/proxy/index.html`), BY_POLICY, 'passed'],
    ['the proxy to a Service', `/api/v1/namespaces/${NAMESPACE}/services/web/proxy/`, BY_POLICY, 'passed'],
  ])('%s', async (_what, path, onCall, shell) => {
    for (const opening of OPENINGS) {
      // By POST a proxy asks for `create`, which the Role grants too.
      expect({ opening, onCall: await tried('alice-exec', path, opening) }).toEqual({ opening, onCall });
      expect({ opening, shell: await tried('bob-exec', path, opening) }).toEqual({ opening, shell });
    }
  });

  it.each(['carol-exec', 'admin'])('are refused to %s, also the proxy to a node', async name => {
    for (const path of [attach('app'), attach('debugger-abcde'), podPath(`${POD}/portforward`), podPath(`${POD}/proxy/`), '/api/v1/nodes/some-node/proxy/runningpods/']) {
      expect({ path, verdict: await tried(name, path, path.includes('/proxy') ? 'GET' : 'WebSocket') }).toEqual({ path, verdict: BY_POLICY });
    }
  });
});

describe('who is excepted by name', () => {
  it.each(['olaf-operator', 'peggy-exec'])('%s runs what RBAC allows', async name => {
    expect(await tried(name, execPath(['sh', '-c', 'pg_dump']))).toBe('passed');
    expect(await tried(name, podPath(`${POD}/proxy/`), 'GET')).toBe('refused by RBAC');
  });
});

describe('what a refused person reads', () => {
  const told = async (name: string, argv: string[], options = {}) => (await openStream(as(name), execPath(argv, options))).message.replace(/^.*denied request: /, '');
  it('names the command, the pod and what is allowed', async () => {
    expect(await told('alice-exec', ['sh', '-c', 'id'])).toMatch(new RegExp(`^exec of "sh -c id" in ${NAMESPACE}/${POD} is in none of the command sets: copy-from \\(tar cf - /var/log/…\\); diagnostics \\(`));
  });
  it('also when a word has a line end, which would hide the message', async () => {
    expect(await told('alice-exec', ['sh', '-c', 'id\nid'])).toMatch(/^exec of "sh -c id id" in /);
  });
  it('names the set that is missing', async () => {
    expect(await told('alice-exec', ['bash'])).toBe(`exec of "bash" in ${NAMESPACE}/${POD} takes the command set shell, which is not granted to you; rights by wildcard do not count. Request access, or break glass`);
  });
  it('says that the terminal is the reason', async () => {
    expect(await told('alice-exec', ['ls'], { tty: 'true', stdin: 'true' })).toBe(`exec of "ls" in ${NAMESPACE}/${POD} is allowed without -i and -t only`);
  });
});

describe('taking the guardrail away', () => {
  it('is refused to who is on call', async () => {
    for (const kind of ['validatingadmissionpolicies', 'validatingadmissionpolicybindings']) {
      const ended = await kubectl(cluster, who['alice-exec'], ['delete', kind, POLICY]);
      expect(ended.stderr).toMatch(/forbidden: User "alice-exec" cannot delete resource/);
    }
  });
  it('is refused by writing a Role of the name that counts, without holding the rights in it', async () => {
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'debug-exec-mine', namespace: NAMESPACE }, rules: [{ apiGroups: ['secure-debug.internal'], resources: ['commandsets'], verbs: ['use'], resourceNames: ['shell'] }] };
    const ended = await kubectl(cluster, who['alice-exec'], ['create', '-f', '-'], { stdin: JSON.stringify(role) });
    expect(ended.stderr).toMatch(/forbidden/);
  });
});

const withNode = testIf(cluster.node, 'the cluster has no node');

describe('real kubectl', () => {
  const clients = Object.keys(cluster.clients);
  withNode.each(clients)('%s runs what is granted, and nothing else', async client => {
    const on = (args: string[], name = 'alice-exec') => kubectl(cluster, who[name], [args[0], '-n', NAMESPACE, ...args.slice(1)], { client });
    expect(await on(['exec', POD, '--', 'id'])).toMatchObject({ code: 0, stdout: expect.stringContaining('uid=') });
    for (const argv of [['sh', '-c', 'id'], ['/bin/id'], ['busybox', 'id']]) {
      expect(await on(['exec', POD, '--', ...argv])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(`ValidatingAdmissionPolicy '${POLICY}'`) });
    }
    expect(await on(['cp', `${POD}:/etc/passwd`, `/tmp/sd-${client}-passwd`])).toMatchObject({ code: 1, stderr: expect.stringContaining(`ValidatingAdmissionPolicy '${POLICY}'`) });
    expect(await on(['cp', __filename, `${POD}:/tmp/x`])).toMatchObject({ code: 1, stderr: expect.stringContaining(`ValidatingAdmissionPolicy '${POLICY}'`) });
    expect(await on(['exec', POD, '--', 'id'], 'carol-exec')).toMatchObject({ code: 1, stderr: expect.stringContaining(`ValidatingAdmissionPolicy '${POLICY}'`) });
    expect(await on(['exec', '-i', POD, '--', 'sh'], 'bob-exec')).toMatchObject({ code: 0 });
  });
});

const withLog = testIf(cluster.auditLog, 'the audit log cannot be read from here');

describe('the audit log', () => {
  withLog('says of a refusal: 403, who, which command, which policy and why', async () => {
    await openStream(who['alice-exec'], execPath(['sh', '-c', 'cat /etc/secret-of-the-log']));
    const found = await eventually('the event', async () => new AuditLog(cluster.auditLog!).events().find(event => event.requestURI?.includes('secret-of-the-log') && event.stage === 'ResponseComplete'));
    expect(found).toMatchObject({ verb: 'get', user: { username: 'alice-exec' }, objectRef: { subresource: 'exec', name: POD, namespace: NAMESPACE }, responseStatus: { code: 403 } });
    const [failure] = JSON.parse(found.annotations['validation.policy.admission.k8s.io/validation_failure']);
    expect(failure).toMatchObject({ policy: POLICY, binding: POLICY, validationActions: ['Deny', 'Audit'], message: expect.stringContaining('is in none of the command sets') });
  });
});

describe('in mode AUDIT', () => {
  beforeAll(async () => {
    await apply(cluster, guardrail(GuardrailMode.AUDIT));
    await eventually('the guardrail to only watch', async () => (await tried('alice-exec', execPath(['sh']))) === 'passed' || undefined);
  });

  withLog('what would be refused goes through, and can be counted by policy and message', async () => {
    expect(await tried('alice-exec', execPath(['sh', '-c', 'echo would-have-been-denied']))).toBe('passed');
    const found = await eventually('the event', async () => new AuditLog(cluster.auditLog!).events().find(event => event.requestURI?.includes('would-have-been-denied') && event.stage === 'ResponseComplete'));
    const [failure] = JSON.parse(found.annotations['validation.policy.admission.k8s.io/validation_failure']);
    expect(failure).toMatchObject({ policy: POLICY, validationActions: ['Audit'], message: expect.stringContaining('exec of "sh -c echo would-have-been-denied"') });
  });

  it('what is granted goes through as before', async () => expect(await tried('alice-exec', execPath(['ls']))).toBe('passed'));
});
