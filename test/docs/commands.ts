import { existsSync, readdirSync, readFileSync } from 'fs';
import { join } from 'path';

const ROOT = join(__dirname, '..', '..');

/** One command of a page, as it stands there: its lines joined, without the remark at its end. */
export interface DocCommand {
  readonly page: string;
  readonly line: number;
  readonly text: string;
  /** The block of output that follows its block on the page, if one does. */
  readonly shown?: string;
}

export interface Here {
  /** Exit status; default 0. */
  readonly status?: number;
  /** What of the line is called otherwise in that folder. */
  readonly fill?: readonly (readonly [string, string])[];
  /** The page shows what it prints. */
  readonly shown?: boolean;
  /** A program that not every machine has. */
  readonly needs?: string;
}

/** What runs a command of a page. */
export type Run =
  /** cli/test/docs-commands.test.ts, in a folder of files: the line as it is, by a shell. */
  | { readonly here: Here }
  /** test/cluster/tutorial, after the tutorial. */
  | { readonly cluster: true }
  /** The tutorial, whose test runs the page from its beginning to its end. */
  | { readonly tutorial: true }
  /** A test that runs it with other arguments, or a script of CI: `says` stands in that file. */
  | { readonly like: { readonly file: string; readonly says: string } }
  /** Nothing, for a reason. */
  | { readonly not: string };

const SHELL = /^(?:shell|sh|bash|console)$/;

/** Commands of workflows count too. */
function ofWorkflow(block: string): string[] {
  return block.split('\n').flatMap(line => {
    const step = /^\s+- run: (.*)$/.exec(line)?.[1] ?? /^ {4}- ((?:npm|secure-debug|git|gh) .*)$/.exec(line)?.[1];
    return step ?? [];
  });
}

/** Lines that a backslash continues are one; `$ ` is a prompt; what comes two blanks after a command and begins with # is a remark. */
export function commandsOf(page: string, text: string): DocCommand[] {
  const blocks = [...text.matchAll(/^```(\S*)\n([^]*?)^```$/gm)];
  return blocks.flatMap(({ 1: language, 2: block, index }, i) => {
    const first = text.slice(0, index).split('\n').length + 1;
    if (language === 'yaml') return ofWorkflow(block).map(command => ({ page, line: first + block.split('\n').findIndex(one => one.includes(command)), text: command }));
    if (!SHELL.test(language)) return [];
    // The tutorial is run as a whole, so what a line of it is does not matter.
    const lines = block.replace(/\\\n\s*/g, match => ' '.repeat(match.length)).split('\n').filter(Boolean);
    const typed = language === 'console' ? lines.filter(line => line.startsWith('$ ')).map(line => line.slice(2)) : lines;
    const output = language === 'console' ? undefined : blocks[i + 1]?.[1] === '' ? blocks[i + 1][2] : undefined;
    return typed.map(line => ({
      page,
      line: first + Math.max(0, block.split('\n').findIndex(one => one && line.includes(one.replace(/^\$ |\\$/g, '').trim()))),
      text: line.replace(/\s+#\s.*$/, '').replace(/ {2,}/g, ' ').trim(),
      ...output !== undefined && { shown: output },
    }));
  });
}

export const PAGES = [...readdirSync(join(ROOT, 'docs')).filter(name => name.endsWith('.md')).map(name => `docs/${name}`), 'README.md', 'cli/README.md'].sort();
export const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8');
export const COMMANDS: DocCommand[] = PAGES.flatMap(page => commandsOf(page, read(page)));

const here = (more: Here = {}): Run => ({ here: more });
const like = (file: string, says: string): Run => ({ like: { file, says } });
const not = (reason: string): Run => ({ not: reason });
const CLUSTER: Run = { cluster: true };
const LOGS = [['/var/log/kubernetes/audit', 'logs'], ['/var/log/kube-audit/', 'logs/']] as const;
const GATEWAY = 'test/cluster/gateway/scene.ts';
const STORY = 'test/cluster/cli/story.test.ts';
const OPEN = like('cli/test/ssh.test.ts', 'describe(\'open\'');

/** By page, what begins with a text; the first that fits decides. What fits nothing, or is fitted by nothing, is a failure. */
export const RUNS: readonly (readonly [page: string, begins: string, run: Run])[] = [
  ['README.md', 'npm ci && npm run quick-start', like('test/examples/examples.test.ts', 'synthesizes what is committed, byte by byte')],
  ['README.md', 'npm ci && npm test', like('.ci/run', 'npm test')],
  ['README.md', 'npm ci && npm run test:cluster', like('.ci/run', 'npm run test:cluster')],
  ['cli/README.md', 'npm install --global', not('needs the package in a registry')],
  ['cli/README.md', 'secure-debug request', like(STORY, '...ASK, \'--for\', \'10m\', \'--wait\'')],
  ['cli/README.md', 'secure-debug status', like(STORY, '\'status\'')],
  ['cli/README.md', 'secure-debug withdraw', like(STORY, '\'withdraw\'')],
  ['cli/README.md', 'secure-debug list', like(STORY, '\'list\', \'--all\'')],
  ['cli/README.md', 'secure-debug approve', like(STORY, '\'approve\'')],
  ['cli/README.md', 'secure-debug deny', like(STORY, '\'deny\'')],
  ['cli/README.md', 'secure-debug revoke', like(STORY, '\'revoke\', \'--ticket\'')],
  ['cli/README.md', 'secure-debug guardrails', like('test/cluster/tutorial/commands.ts', 'secure-debug guardrails off exec')],
  ['cli/README.md', 'secure-debug break-glass seal', like('test/cluster/cli/sealed.test.ts', '\'seal\', \'--name\'')],
  ['cli/README.md', 'secure-debug break-glass drill', like('test/cluster/cli/sealed.test.ts', '\'drill\', file')],
  ['cli/README.md', 'secure-debug break-glass open', like('test/cluster/cli/sealed.test.ts', '\'open\', file')],
  ['cli/README.md', 'SECURE_DEBUG_SLACK_URL=', like('cli/test/notify.test.ts', '--slack')],
  ['cli/README.md', 'secure-debug init debug-access --team', here({ fill: [['--team', '--yes --team']] })],
  ['cli/README.md', 'secure-debug init debug-access --live', like('cli/test/init.test.ts', '\'--live\', \'--yes\'')],
  ['cli/README.md', 'secure-debug login', like('test/cluster/cli/login.test.ts', 'login')],
  ['cli/README.md', 'secure-debug whoami', like('test/cluster/cli/login.test.ts', '\'whoami\'')],
  ['cli/README.md', 'secure-debug logout', like('test/cluster/cli/login.test.ts', '\'logout\'')],
  ['cli/README.md', 'secure-debug audit report audit.log --html report.html --fail-on outside', here({ status: 1 })],
  ['cli/README.md', 'secure-debug audit', here({ fill: LOGS })],
  ['cli/README.md', 'secure-debug inventory --live', like('test/cluster/tutorial/commands.ts', 'secure-debug inventory --live')],
  ['cli/README.md', 'secure-debug diff', here()],
  ['cli/README.md', 'secure-debug drift /var', here({ fill: [['/var/log/kube-audit/*.log', 'audit.log']] })],
  ['cli/README.md', 'secure-debug drift', here()],
  ['cli/README.md', 'source <(', here()],
  ['cli/README.md', 'secure-debug minimize', here({ fill: [['admins', 'oncall-payments']] })],
  ['cli/README.md', 'secure-debug replay', here()],
  ['cli/README.md', 'secure-debug plan --live', like('test/cluster/tutorial/commands.ts', 'secure-debug plan --live')],
  ['cli/README.md', 'secure-debug rollout --live', like('cli/test/rollout.test.ts', '--live')],
  ['cli/README.md', 'secure-debug rollout', here()],
  ['cli/README.md', 'secure-debug ssh sign', like('cli/test/ssh.test.ts', '\'sign\'')],
  ['cli/README.md', 'secure-debug ssh open', OPEN],
  ['cli/README.md', 'secure-debug ssh replay', here({ fill: [['session.cast', 'recordings/s1.cast']] })],
  ['cli/README.md', 'secure-debug policy', here()],
  ['docs/access-requests.md', 'secure-debug', CLUSTER],
  ['docs/audit-shipping.md', 'aws', not('needs an account at AWS')],
  ['docs/audit-shipping.md', 'gcloud', not('needs an account at Google Cloud')],
  ['docs/audit-shipping.md', 'az', not('needs an account at Azure')],
  ['docs/blueprint.md', 'secure-debug rollout', here({ fill: [['rollout dist', 'rollout after/']] })],
  ['docs/credentials.md', 'secure-debug cert request --for', like('test/cluster/cli/cert.test.ts', '\'cert\', \'request\'')],
  ['docs/credentials.md', 'secure-debug cert request --pkcs11', like('test/cluster/cli/cert.test.ts', '\'--pkcs11\'')],
  ['docs/credentials.md', 'secure-debug cert proxy', like('test/cluster/cli/cert.test.ts', '\'proxy\'')],
  ['docs/credentials.md', 'openssl req', here({ needs: 'openssl' })],
  ['docs/diagnostics.md', 'kubectl -n payments create secret', CLUSTER],
  ['docs/evidence-report.md', 'secure-debug', here({ fill: LOGS })],
  ['docs/evidence.md', 'secure-debug audit report audit.log --fail-on outside', here({ status: 1 })],
  ['docs/evidence.md', 'secure-debug audit report /var', here({ fill: LOGS, shown: true })],
  ['docs/evidence.md', 'secure-debug', here()],
  ['docs/fleet-evidence.md', 'secure-debug', here()],
  ['docs/gateway.md', 'secure-debug ssh sign', CLUSTER],
  ['docs/gateway.md', 'secure-debug ssh open', OPEN],
  ['docs/gateway.md', 'tar c dump', OPEN],
  ['docs/gateway.md', 'kubectl -n debug-gateway create job', like(GATEWAY, '\'--from=cronjob/debug-gateway\'')],
  ['docs/gateway.md', 'kubectl -n debug-gateway port-forward', like(GATEWAY, '\'port-forward\'')],
  ['docs/gateway.md', 'ssh -p 2222', like(GATEWAY, 'HostKeyAlias=')],
  ['docs/gateway.md', 'secure-debug audit report', here({ fill: LOGS })],
  ['docs/gateway.md', 'docker build', not('needs a container engine; gateway/assemble.sh makes the image of the tests from the same parts')],
  ['docs/gateway.md', 'ssh-keygen', CLUSTER],
  ['docs/gateway.md', 'kubectl -n debug-gateway create secret', CLUSTER],
  ['docs/guardrails.md', 'kubectl', CLUSTER],
  ['docs/inventory.md', 'secure-debug inventory --live', CLUSTER],
  ['docs/inventory.md', 'kubectl get', CLUSTER],
  ['docs/inventory.md', 'helm', here()],
  ['docs/inventory.md', 'secure-debug inventory k8s/', here({ shown: true })],
  ['docs/inventory.md', 'secure-debug inventory --git', here()],
  ['docs/leaving-cluster-admin.md', 'secure-debug plan --live', CLUSTER],
  ['docs/leaving-cluster-admin.md', 'cd off-cluster-admin', like('cli/test/plan.test.ts', 'main.ts')],
  ['docs/leaving-cluster-admin.md', 'sh waves', like('test/cluster/cli/plan.test.ts', 'apply.sh')],
  ['docs/minimize.md', 'secure-debug', here()],
  ['docs/never-locked-out.md', 'kubectl -n argocd', not('needs Argo CD in the cluster')],
  ['docs/never-locked-out.md', 'flux', not('needs Flux in the cluster')],
  ['docs/never-locked-out.md', '(umask 077; age', not('needs age, which is no package of CI; what it reads is what the line above opens')],
  ['docs/never-locked-out.md', 'SECURE_DEBUG_SLACK_URL=', like('cli/test/notify.test.ts', '--slack')],
  ['docs/never-locked-out.md', 'jq', here({ needs: 'jq' })],
  ['docs/never-locked-out.md', 'secure-debug', CLUSTER],
  ['docs/never-locked-out.md', 'kubectl', CLUSTER],
  ['docs/review-changes.md', 'npm install --global', not('needs the package in a registry')],
  ['docs/review-changes.md', 'gh pr comment', not('needs a pull request at GitHub')],
  ['docs/review-changes.md', 'secure-debug diff --git "$BASE" HEAD k8s --fail-on', here({ status: 1 })],
  ['docs/review-changes.md', 'secure-debug diff --git "$CI_MERGE_REQUEST_DIFF_BASE_SHA" HEAD k8s --fail-on', here({ status: 1 })],
  ['docs/review-changes.md', 'secure-debug diff ../base/dist', here({ status: 1 })],
  ['docs/review-changes.md', 'git worktree', here()],
  ['docs/review-changes.md', '(cd ../base', here()],
  ['docs/review-changes.md', 'npx cdk8s', here()],
  ['docs/review-changes.md', 'kustomize', here()],
  ['docs/review-changes.md', 'secure-debug diff old/ new/', here({ shown: true })],
  ['docs/review-changes.md', 'secure-debug', here()],
  ['docs/runbook.md', 'secure-debug', here({ fill: [[' LOG ', ' audit.log ']] })],
  ['docs/simulate-and-readiness.md', 'npm install --global', not('needs the package in a registry')],
  ['docs/simulate-and-readiness.md', 'secure-debug audit simulate --compare old.yaml audit-policy.yaml --markdown', here()],
  ['docs/simulate-and-readiness.md', 'secure-debug audit simulate --compare', here({ status: 1 })],
  ['docs/simulate-and-readiness.md', 'secure-debug audit readiness audit.log --declared dist/ --fail-on', here({ status: 1 })],
  ['docs/simulate-and-readiness.md', 'git show', here()],
  ['docs/simulate-and-readiness.md', 'secure-debug audit readiness /var', here({ fill: [['/var/log/kube-audit/', 'week/']], shown: true })],
  ['docs/simulate-and-readiness.md', 'secure-debug audit simulate policy.yaml --request', here()],
  ['docs/simulate-and-readiness.md', 'secure-debug audit simulate policy.yaml audit.log', here()],
  ['docs/simulate-and-readiness.md', 'secure-debug audit simulate policy.yaml', here({ shown: true })],
  ['docs/simulate-and-readiness.md', 'secure-debug audit readiness', here()],
  ['docs/tutorial.md', '', { tutorial: true }],
  ['docs/upgrading.md', '', here({ fill: [['before', 'at-work']] })],
];

export const runOf = ({ page, text }: DocCommand): Run | undefined => RUNS.find(([of, begins]) => of === page && text.startsWith(begins))?.[2];

/** Rules that decide about nothing, and those that name what is not there. */
export function stale(): string[] {
  const used = new Set(COMMANDS.map(({ page, text }) => RUNS.find(([of, begins]) => of === page && text.startsWith(begins))));
  return RUNS.filter(rule => {
    const run = rule[2];
    return !used.has(rule) || ('like' in run && !(existsSync(join(ROOT, run.like.file)) && read(run.like.file).includes(run.like.says)));
  }).map(([page, begins]) => `${page}: ${begins}`);
}
