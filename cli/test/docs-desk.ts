import { execFileSync } from 'child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { dirname, join } from 'path';
import { gzipSync } from 'zlib';
import { App, Chart, Yaml } from 'cdk8s';
import { CommandSet, ExecGuardrail, NetworkAllow, OnCallDebugAccess, RolloutPhase, SecureDebugging, SecureDebugWarnings } from 'cdk8s-secure-debug';
import { ask, byGlass, exec, FAILURE, request } from './audit-events';

const RBAC = 'rbac.authorization.k8s.io';
const role = (name: string, ...rules: object[]) => ({ apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name, namespace: 'payments' }, rules });
const binding = (name: string, of: string, subject: object) =>
  ({ apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: { name, namespace: 'payments' }, roleRef: { apiGroup: RBAC, kind: 'Role', name: of }, subjects: [subject] });
const user = (name: string) => ({ apiGroup: RBAC, kind: 'User', name });
const group = (name: string) => ({ apiGroup: RBAC, kind: 'Group', name });
const rule = (verbs: string[], ...resources: string[]) => ({ apiGroups: [''], resources, verbs });
const text = (...objects: object[]) => Yaml.stringify(...objects);
const lines = (events: object[]) => events.map(event => `${JSON.stringify(event)}\n`).join('');

/** What docs/ speak of as being there: an audit log, policies, manifests of several states, a repository, and a few programs of others. */
export class DocsDesk {
  public readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'docs-desk-')));
  public readonly bin = join(this.folder, 'bin');
  /** Where the commands are typed. */
  public readonly work = join(this.folder, 'work');
  public readonly env: NodeJS.ProcessEnv = {
    HOME: this.folder,
    BASE: 'main',
    GITHUB_BASE_REF: 'main',
    GITHUB_STEP_SUMMARY: join(this.folder, 'summary.md'),
    CI_MERGE_REQUEST_DIFF_BASE_SHA: 'main',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: 'alice',
    GIT_AUTHOR_EMAIL: 'alice@example.org',
    GIT_COMMITTER_NAME: 'alice',
    GIT_COMMITTER_EMAIL: 'alice@example.org',
  };

  public fill(): void {
    const on = group('oncall');
    const reads = [role('r', rule(['get'], 'pods')), binding('b', 'r', on)];
    const readsMore = [role('r', rule(['get'], 'pods', 'secrets')), binding('b', 'r', on)];
    this.write('old/rbac.yaml', text(...reads));
    this.write('new/rbac.yaml', text(...readsMore));
    this.write('rendered.yaml', text(...reads));
    this.write('platform/rbac.yaml', text(
      { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name: 'cluster-admin' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
      { apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', metadata: { name: 'payments-admin' }, roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' }, subjects: [{ kind: 'ServiceAccount', name: 'admin', namespace: 'payments' }] },
      role('deploy', rule(['create'], 'pods')), binding('deployers', 'deploy', user('alice')),
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'admin', namespace: 'payments' } },
    ));
    this.write('roles.yaml', text(role('everything', { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }), binding('everything', 'everything', group('oncall-payments'))));
    const recording = [
      { 'version': 2, 'width': 80, 'height': 24, 'timestamp': Date.UTC(2026, 2, 1, 12) / 1000, 'secure-debug': { session: 's1', user: 'alice', groups: ['oncall-payments'], command: 'exec payments/ledger-0 -- sh', from: '127.0.0.1' } },
      [0.5, 'o', 'hello\r\n'],
    ];
    this.write('recordings/s1.cast', recording.map(line => `${JSON.stringify(line)}\n`).join(''));
    this.write('broker.json', readFileSync(join(__dirname, '..', '..', 'examples', 'broker', 'broker.json')));
    this.policies();
    this.logs();
    this.guardrail();
    this.repository(text(...reads), text(...readsMore));
    // What renders manifests, and what builds an app, is of others: it gives what is there.
    this.program('helm', 'cat old/rbac.yaml');
    this.program('kustomize', 'cat new/rbac.yaml');
    this.program('npm', 'case "$1" in ci|install|run) ;; *) exit 1 ;; esac');
    this.program('npx', 'mkdir -p dist && cp k8s/*.yaml dist/');
  }

  private write(name: string, content: string | Buffer): void {
    const file = join(this.work, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  private program(name: string, does: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
  }

  private policies(): void {
    const policy = (...rules: object[]) => text({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules });
    const blind = policy({ level: 'None', verbs: ['get', 'list', 'watch'] }, { level: 'RequestResponse' });
    this.write('old.yaml', policy({ level: 'RequestResponse' }));
    this.write('policy.yaml', blind);
  }

  /** The night that docs/evidence.md tells of, and what a cluster-admin and a program did. */
  private logs(): void {
    const night = [
      ...ask({ at: 0 }),
      ...exec({ at: 60, took: 754, words: ['sh', '-c', 'ps; ls -l /proc/1/cwd /proc/1/fd'], reason: byGlass() }),
      ...exec({ at: 900, user: 'bob', groups: ['engineers', 'system:authenticated'], code: 403 }),
      ...exec({ at: 1000, took: 1, user: 'admin', groups: ['system:masters', 'system:authenticated'], reason: '' }),
    ];
    const work = [
      ...request({ user: 'alice@example.org', groups: ['system:authenticated'], verb: 'list' }),
      ...request({ user: 'system:serviceaccount:payments:ci', groups: ['system:serviceaccounts'], verb: 'patch', apiGroup: 'apps', resource: 'deployments', name: 'web', client: 'ci/1' }),
      ...request({ at: 5, user: 'break-glass-1', groups: ['break-glass-sealed', 'system:authenticated'], verb: 'list' }),
    ];
    this.write('logs/audit.log', lines(night));
    this.write('audit.log', lines([...night, ...work]));
    this.write('audit-1.log.gz', gzipSync(lines(night)));
    const day = 24 * 3600;
    const failures = JSON.stringify([{ message: 'no', policy: 'secure-debug-exec', binding: 'secure-debug-exec', expressionIndex: 0, validationActions: ['Audit'] }]);
    const watched = { took: 1, annotations: { [FAILURE]: failures } };
    this.write('week/audit.log', lines([
      ...Array.from({ length: 24 }, (_, i) => exec({ at: Math.floor(i / 3) * day, took: 1, words: ['ls'] })).flat(),
      ...exec({ ...watched, at: 7 * day, words: ['sh'], user: 'bob' }),
      ...[1, 2].flatMap(i => exec({ ...watched, at: 8 * day + i, words: ['rm', '-r', 'x'] })),
    ]));
  }

  private guardrail(): void {
    const chart = new Chart(new App(), 'guardrails');
    for (const { id } of SecureDebugWarnings.rules()) SecureDebugWarnings.acknowledge(chart, id, 'of no matter here');
    new ExecGuardrail(chart, 'exec', { namespaces: ['payments'], commandSets: [CommandSet.readOnlyDiagnostics()] });
    new OnCallDebugAccess(chart, 'oncall', { namespace: 'payments', group: 'oncall-payments' });
    this.write('dist/guardrails.yaml', text(...chart.toJson()));
    for (const [folder, phase] of [['before', RolloutPhase.RBAC], ['after', RolloutPhase.BROKER]] as const) {
      const app = new App({ outdir: join(this.work, folder) });
      for (const { id } of SecureDebugWarnings.rules()) SecureDebugWarnings.acknowledge(app, id, 'of no matter here');
      new SecureDebugging(app, 'debugging', {
        phase, teams: [{ name: 'payments', namespaces: ['payments'], onCall: 'oncall-payments', approvers: 'payments-leads', requesters: ['engineers'], network: [NetworkAllow.dns()] }],
      });
      app.synth();
    }
  }

  /** `main` has the first state and the tag, what is checked out the second. */
  private repository(first: string, second: string): void {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: this.work, env: { ...process.env, ...this.env }, stdio: 'pipe' });
    const commit = (content: string, auditPolicy: string) => {
      this.write('k8s/rbac.yaml', content);
      this.write('audit-policy.yaml', readFileSync(join(this.work, auditPolicy)));
      git('add', 'k8s', 'audit-policy.yaml');
      git('commit', '-q', '-m', 'k8s');
    };
    git('init', '-q', '-b', 'main');
    commit(first, 'old.yaml');
    git('tag', 'v1.2.0');
    git('update-ref', 'refs/remotes/origin/main', 'main');
    git('switch', '-q', '-c', 'change');
    commit(second, 'policy.yaml');
  }
}
