import { AuditReport, DebugSession, PathClass } from '../src/audit/debug-session';

/** Reports that tests and pictures are made of. */

const DAY = Date.parse('2026-03-02T00:00:00Z');
/** A time of that week, in the form of the report. */
export const at = (minutes: number, micros = 0): string => new Date(DAY + minutes * 60_000).toISOString().replace(/\.\d+Z$/, `.${String(micros).padStart(6, '0')}Z`);

/** A session of alice on call; `more` says what is different. */
export function session(more: Partial<DebugSession> = {}): DebugSession {
  return {
    id: 'a0000000-0000-4000-8000-000000000001',
    start: at(600),
    end: at(604),
    seconds: 240,
    outcome: 'completed',
    user: 'alice',
    groups: ['oncall-payments', 'system:authenticated'],
    path: 'on-call',
    capability: 'exec',
    namespace: 'payments',
    pod: 'ledger-0',
    container: 'app',
    command: ['ls', '-l', '/var/log'],
    grant: { kind: 'RoleBinding', name: 'oncall-debug', namespace: 'payments', role: 'Role/oncall-debug' },
    otherGrants: [],
    wouldDeny: [],
    client: 'kubectl/v1.37.1 (linux/amd64)',
    sources: ['10.2.0.17'],
    events: 3,
    ...more,
  };
}

export const CLUSTER_ADMIN: Partial<DebugSession> = {
  path: 'outside',
  outside: 'cluster-admin',
  user: 'mallory',
  groups: ['platform', 'system:authenticated'],
  command: ['sh'],
  grant: { kind: 'ClusterRoleBinding', name: 'platform-admins', role: 'ClusterRole/cluster-admin' },
};

const glass = (user: string) => ({ kind: 'RoleBinding' as const, name: `break-glass:${user}`, namespace: 'payments', role: 'Role/break-glass' });

export const BREAK_GLASS: Partial<DebugSession> = {
  path: 'break-glass',
  user: 'bob',
  command: ['sh', '-c', 'kill -QUIT 1; sleep 1'],
  grant: glass('bob'),
  request: { name: 'break-glass:bob', reason: 'ledger does not answer since the deploy', ticket: 'INC-4711', approvers: ['carol'], requestedAt: at(590), expiresAt: at(650) },
  otherGrants: [{ kind: 'RoleBinding', name: 'oncall-debug', namespace: 'payments', role: 'Role/oncall-debug' }],
};

export function report(sessions: DebugSession[], more: Partial<AuditReport> = {}): AuditReport {
  const starts = sessions.map(({ start }) => start).sort();
  return { logs: [{ name: 'audit.log', events: 1_234 }], from: starts[0], to: starts.at(-1), sessions, damage: [], ...more };
}

/** What somebody puts into a log who wants more than to be read. */
export const HOSTILE = [
  '</script><script>window.owned = true</script>',
  '<!--<script>', '<img src=x onerror="window.owned = true">', '\u2028\u2029', '\u001b[31mred\u001b[0m\u0007', '\u202egnp.exe',
  '=HYPERLINK("http://192.0.2.1/?"&A1,"x")', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '＝1', 'a\r\n=1', '"', '\'', ';=1',
  '| a | b |', '`x`', '[x](http://192.0.2.1)', '![x](http://192.0.2.1/x.png)', '# x', '@alice', 'a\n\n# b', '{0}', '\ud800', '__proto__', '',
];

/** Each of them in each field that others write. */
export function hostile(): AuditReport {
  return report(HOSTILE.map((text, i) => session({
    id: `${i} ${text}`,
    start: at(600 + i),
    cluster: text,
    user: text,
    groups: [text],
    impersonator: text,
    path: i % 2 ? 'outside' : 'break-glass',
    outside: i % 2 ? text : undefined,
    namespace: text,
    pod: i % 3 ? text : undefined,
    object: text,
    container: text,
    command: [text, 'x', text],
    image: text,
    ports: [text],
    grant: { kind: 'RoleBinding', name: text, namespace: text, role: text },
    request: { name: text, reason: text, ticket: text, approvers: [text], requestedAt: at(1), expiresAt: text },
    otherGrants: [{ kind: 'ClusterRoleBinding', name: text, role: text }],
    refusal: { by: 'guardrail', policy: text, message: text },
    outcome: 'refused',
    wouldDeny: [text],
    client: text,
    sources: [text],
  })), { logs: HOSTILE.map(name => ({ name, events: 1, cluster: name })), damage: HOSTILE });
}

/** A week of a platform with so many sessions, the same for the same number. */
export function week(many: number): AuditReport {
  let state = 42;
  const below = (n: number) => {
    // A product below 2^53.
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return Math.floor(state / 4_294_967_296 * n);
  };
  const one = <T>(of: readonly T[]): T => of[below(of.length)];
  const people = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy', 'mallory', 'oscar'];
  const places = [['payments', 'ledger'], ['payments', 'card-gateway'], ['search', 'index'], ['search', 'query'], ['checkout', 'cart'], ['identity', 'sessions']];
  const commands = [['sh'], ['ls', '-l', '/var/log'], ['cat', '/proc/1/status'], ['jcmd', '1', 'Thread.print'], ['curl', '-s', 'localhost:8080/health'], ['tail', '-n', '200', '/var/log/app.log']];
  const clients = ['kubectl/v1.37.1 (linux/amd64)', 'kubectl/v1.33.13 (darwin/arm64)', 'k9s/v0.50.9'];
  const ways: [number, PathClass][] = [[60, 'on-call'], [70, 'read-only'], [82, 'just-in-time'], [88, 'break-glass'], [91, 'gitops-emergency'], [95, 'gateway'], [100, 'outside']];
  const sessions = Array.from({ length: many }, (_, i): DebugSession => {
    const draw = below(100);
    const [, path] = ways.find(([to]) => draw < to)!;
    // Whoever goes around the paths is few.
    const user = path === 'outside' ? one(['mallory', 'oscar', 'system:serviceaccount:ci:deployer']) : one(people);
    const [namespace, app] = one(places);
    const capability = path === 'read-only' ? 'read-logs' : path === 'gitops-emergency' ? 'exec' : one(['exec', 'exec', 'exec', 'read-logs', 'port-forward', 'ephemeral-containers', 'attach']);
    // People work by day; a day has its peak, and the incident is on the third.
    const minutes = below(4) === 0 ? 2 * 1440 + 840 + below(180) : below(7) * 1440 + 420 + below(780);
    const seconds = capability === 'read-logs' ? below(20) : below(3) === 0 ? 600 + below(3_000) : 5 + below(400);
    const refused = below(16) === 0 && path !== 'outside';
    const start = at(minutes, below(1_000_000));
    const role = { 'on-call': 'oncall-debug', 'read-only': 'read-only', 'just-in-time': 'debug-grant', 'break-glass': 'break-glass', 'gitops-emergency': 'break-glass', 'gateway': 'gateway-debug', 'outside': '', 'none': '' }[path];
    const asked = ['just-in-time', 'break-glass', 'gitops-emergency'].includes(path);
    return session({
      id: `${String(i).padStart(8, '0')}-0000-4000-8000-${String(below(1e9)).padStart(12, '0')}`,
      start,
      end: refused ? start : new Date(Date.parse(start) + seconds * 1_000).toISOString().replace('Z', '000Z'),
      seconds: refused ? 0 : seconds,
      user,
      groups: [`oncall-${namespace}`, 'system:authenticated'],
      path,
      capability,
      namespace,
      pod: `${app}-${below(4)}`,
      command: capability === 'exec' ? one(commands) : undefined,
      image: capability === 'ephemeral-containers' ? 'docker.io/library/busybox:1.36' : undefined,
      client: one(clients),
      sources: [`10.2.${below(4)}.${10 + below(40)}`],
      ...asked && { request: { name: `${role}:${user}`, reason: one(['ledger does not answer since the deploy', 'orders hang', 'latency of search above 2 s', 'disk fills']), ticket: `INC-${4_700 + below(20)}`, approvers: [one(['carol', 'judy'])], requestedAt: at(minutes - 6), expiresAt: at(minutes + 40) } },
      ...path === 'outside'
        ? user.startsWith('system:') ? { outside: 'service account', groups: ['system:serviceaccounts'], grant: { kind: 'ClusterRoleBinding', name: 'ci-deployer', role: 'ClusterRole/admin' } } : { outside: 'cluster-admin', grant: { kind: 'ClusterRoleBinding', name: 'platform-admins', role: 'ClusterRole/cluster-admin' } }
        : { grant: { kind: 'RoleBinding', name: asked ? `${role}:${user}` : role, namespace, role: `Role/${role}` } },
      ...refused && { outcome: 'refused', grant: undefined, refusal: { by: 'guardrail', policy: 'secure-debug-exec', message: `exec of "sh" in ${namespace}/${app}-0 is in none of the command sets: diagnostics (ls, cat, … 12 in all)` } },
      ...!refused && below(20) === 0 && { wouldDeny: ['secure-debug-exec'] },
    } as Partial<DebugSession>);
  });
  sessions.sort((a, b) => a.start < b.start ? -1 : a.start > b.start ? 1 : 0);
  return report(sessions, { logs: [{ name: 'audit.log', events: 812_345 }, { name: 'audit-2026-03-05.log.gz', events: 423_112 }], from: at(0), to: at(7 * 1440) });
}
