import { readFileSync, writeFileSync } from 'fs';
import { join, relative } from 'path';

const PROJECT = join(__dirname, '..', '..', '..');
const DOCUMENT = 'docs/systems.md';

/** A test that shows it: its file below test/cluster, and its title as it is written there. */
type Shown = [file: string, title: string];

interface System {
  readonly name: string;
  readonly worksWhen: string;
  readonly shown: Shown[];
  /** What was not shown, and why. */
  readonly open?: string;
}

/** The systems that replace a shared cluster-admin, each with the tests on a real cluster that show that it works. */
export const SYSTEMS: System[] = [
  {
    name: 'Debug access in a namespace, bound to a group',
    worksWhen: 'a member does everything with real kubectl of several versions, and nobody else does anything',
    shown: [
      ['access/table.test.ts', 'everybody can do exactly what was granted, with every kubectl'],
      ['access/rights.test.ts', 'rights in one namespace are none in another'],
    ],
  },
  {
    name: 'Short-lived credentials',
    worksWhen: 'a real issuer\'s token and a really signed certificate get in, end, and are refused after',
    shown: [
      ['credentials/login.test.ts', 'gets what is bound to the group, in real kubectl by a kubeconfig without a secret'],
      ['credentials/login.test.ts', 'an expired token'],
      ['cli/cert.test.ts', 'works for 600 s in each kubectl'],
    ],
  },
  {
    name: 'Debug containers, and a clean-up',
    worksWhen: 'a stale pod is evicted through its budget; an exempted or fresh one stays',
    shown: [
      ['cleanup/cleanup.test.ts', 'protected by a PodDisruptionBudget: left alone, and evicted by the next run after the budget is gone'],
      ['cleanup/cleanup.test.ts', 'exempted until a time to come, with a reason: left alone'],
      ['cleanup/cleanup.test.ts', 'debugged just now: left alone, and nobody is bothered'],
    ],
  },
  {
    name: 'Audit policy, and shipping',
    worksWhen: 'each session of each client is in the log, and the collector delivers it',
    shown: [
      ['audit/holes.test.ts', 'whoever asks, by whatever verb: each request on a debug path is in the log at its level'],
      ['long/audit-shipping.test.ts', 'a full queue holds up the reading, and a collector that is asked to stop then loses nothing'],
    ],
  },
  {
    name: 'An SSH gateway',
    worksWhen: 'a real ssh client gets a recorded session that ends at its deadline, as the person in the audit log',
    shown: [
      ['gateway/session.test.ts', 'the audit log names the person and their grant, and the gateway as who asked for them'],
      ['gateway/session.test.ts', 'the recording has who, from which certificate, what was shown, and how it ended'],
    ],
  },
  {
    name: 'A broker: approvals, an allow-list of commands, a policy in Git',
    worksWhen: 'request, approve, deny, self-approval and expiry behave; an unlisted command is refused on each path',
    shown: [
      ['requests/flow.test.ts', 'who asks gets nothing, an approver approves, it works, and it is gone by itself'],
      ['cli/story.test.ts', 'nobody approves a request of their own'],
      ['together/together.test.ts', 'on call runs diagnostics, and no shell'],
    ],
  },
  {
    name: 'One path to read, one to break the glass, one query for both',
    worksWhen: 'the answer is what was done',
    shown: [['cli/audit-report.test.ts', 'what people did, by every client, is what the report says: no more, no less']],
  },
  {
    name: 'Changes past Git leave a trail',
    worksWhen: 'one without a declared emergency is refused, one with it is recorded',
    shown: [
      ['together/together.test.ts', 'on call changes nothing that stands in Git, breaks the glass, gets a shell and changes it, on the record'],
      ['cli/drift.test.ts', 'an emergency by approval, one at once, and a change that nobody declared: each is listed with its ticket, or without'],
    ],
  },
  {
    name: 'Diagnostics without the Kubernetes API',
    worksWhen: 'a person on call reads them with no right on the API, and others cannot reach them',
    shown: [
      ['diagnostics/diagnostics.test.ts', 'somebody on call reads diagnostics, with no right on the Kubernetes API'],
      ['diagnostics/diagnostics.test.ts', 'another pod reaches the proxy and the relay\'s locked door, and neither the diagnostics nor what is behind the proxy'],
    ],
  },
  {
    name: 'Default-deny networks',
    worksWhen: 'what is reachable is what was declared',
    shown: [['network/simulator.test.ts', 'for any policies of several namespaces']],
    open: 'by packets only where the cluster\'s plug-in enforces policies, which the cluster of the suite has not: network/probe.test.ts does it on yours',
  },
  {
    name: 'Many clusters: one place for logs, dashboards, alerts',
    worksWhen: 'two clusters\' logs are in one place; the alert fires on a real event and is quiet in the window',
    shown: [
      ['long/audit-labels.test.ts', 'promtool: cluster-admin in a window is quiet and an hour later is not, before and after the change of clocks'],
      ['long/audit-labels.test.ts', 'each event is told for what it is'],
    ],
  },
  {
    name: 'Inventory, minimal roles, a plan',
    worksWhen: 'all known bindings are found, and the proposed roles let the recorded work through',
    shown: [
      ['review/inventory.test.ts', 'every right of every finding is one that the API server allows, and nobody else has it'],
      ['cli/minimize.test.ts', 'the role lets her do all of it again, and nothing else'],
      ['cli/plan.test.ts', 'wave by wave, with the work passing after each, and the way back'],
    ],
  },
  {
    name: 'A rollout in phases',
    worksWhen: 'one word is the phase, and evidence says whether the next is safe',
    shown: [
      ['cli/readiness.test.ts', 'what would have been refused, by whom and how often, equals what was done while the guardrails watched'],
      ['tutorial/tutorial.test.ts', 'the tutorial'],
    ],
  },
];

/** The document. */
export function systemsMarkdown(): string {
  const cell = (text: string) => text.replace(/\|/g, '\\|');
  const rows = SYSTEMS.map(({ name, worksWhen, shown, open }, i) => {
    const tests = shown.map(([file, title]) => `[${cell(title)}](../test/cluster/${file})`);
    return `| ${i + 1} | ${name} | ${worksWhen} | ${[...tests, ...open ? [`*${open}*`] : []].join('<br>')} |`;
  });
  return [
    '# The thirteen systems', '',
    '<!-- Written by npm run systems. A run of the suite fails when a test of this list did not pass in it. -->', '',
    'What it takes to end a shared cluster-admin, and the tests on a real Kubernetes that show that each part works.',
    'Those in `long`, cli/cert and cli/plan run by `npm run test:long`, the others by `npm run test:cluster`.', '',
    '| | system | works when | shown by |', '|---|---|---|---|', ...rows, '',
  ].join('\n');
}

/** What jest writes with `--json`, as far as it is read here. */
interface Results {
  readonly testResults: { readonly name: string; readonly assertionResults: { readonly title: string; readonly status: string }[] }[];
}

/** The tests of the list whose files ran, and that did not pass. */
export function missing(resultsFile: string): string[] {
  const { testResults }: Results = JSON.parse(readFileSync(resultsFile, 'utf8'));
  const ran = new Map(testResults.map(({ name, assertionResults }) => [relative(join(PROJECT, 'test', 'cluster'), name), assertionResults]));
  return SYSTEMS.flatMap(({ shown }) => shown).filter(([file, title]) => {
    const tests = ran.get(file);
    return tests !== undefined && !tests.some(test => test.title === title && test.status === 'passed');
  }).map(([file, title]) => `${file}: ${title}`);
}

if (require.main === module) writeFileSync(join(PROJECT, DOCUMENT), systemsMarkdown());
