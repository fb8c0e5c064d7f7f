import { readiness } from '../audit/readiness';
import type { PhaseReadiness, Readiness } from '../audit/readiness-judge';
import { OK, REFUSED, wrongUse } from '../errors';
import { Io } from '../io';
import { diff } from '../review/diff';
import { Result } from '../session';
import { plain } from '../text';

export interface RolloutOptions {
  readonly to?: string;
  readonly log?: string[];
  readonly days?: string;
  readonly requests?: string;
  readonly failOn?: string[];
  readonly json?: boolean;
}

/** What the audit log has to say before a step, and what the step is. */
const STEPS: { readonly [phase: string]: { readonly what: string; readonly know: string[] } } = {
  credentials: {
    what: 'People log in as themselves, with credentials that end; the guardrails go on watching.',
    know: [
      'The API server reads its list of issuers from its own disk: the files of `control-plane` go to each control-plane node, one after the other.',
      'Client certificates that were handed out before work until they end. Kubernetes revokes none.',
    ],
  },
  broker: {
    what: 'Guardrails refuse instead of watching, and access is asked for and approved.',
    know: [
      'A stream that is open when this is applied goes on until its pod or its client ends.',
      'If a guardrail is in the way at night: `secure-debug guardrails off --reason …`, on the record, and `on` again.',
      'A debug container has no requests and limits of its own and shares those of its pod: look at the headroom before a large tool is started in it. '
      + '`--target` needs a container runtime that shares process namespaces.',
    ],
  },
};
const FAIL_ON = ['not-ready', 'not-enough'];

/** The text of the pull request that takes a cluster to the next phase: whether the log says that it is safe, what changes for whom, and the way back. */
export async function rollout(io: Io, old: string, young: string, options: RolloutOptions): Promise<Result> {
  const { to, log = [], failOn = [] } = options;
  if (to === undefined || !(to in STEPS)) wrongUse(`--to ${plain(to ?? 'is missing: it')} is no step. Fix: one of ${Object.keys(STEPS).join(', ')}.`);
  const unknown = failOn.find(what => !FAIL_ON.includes(what));
  if (unknown !== undefined) wrongUse(`--fail-on ${plain(unknown)} is unknown. Fix: choose from ${FAIL_ON.join(', ')}.`);
  if (failOn.length > 0 && log.length === 0) wrongUse('--fail-on needs an audit log to judge by. Fix: name one by --log.');
  const judging = { declared: [old], days: options.days, requests: options.requests };
  const asked = log.length > 0 ? await readiness(io, log, { ...judging, json: true }) : undefined;
  const evidence = asked?.data as Readiness | undefined;
  const step: PhaseReadiness | undefined = evidence?.phases.find(({ phase }) => phase === to);
  const changes = await diff(io, [old, young], options.json ? { json: true } : { markdown: true });
  const code = step && (step.status === 'not ready' && failOn.includes('not-ready') || step.status === 'not enough evidence' && failOn.includes('not-enough')) ? REFUSED : OK;
  if (options.json) return { data: { to, status: step?.status ?? 'not judged', why: step?.why ?? [], guardrails: evidence?.guardrails ?? [], ...changes.data as object }, text: '', code };

  const guardrails = to === 'broker' ? evidence?.guardrails.filter(({ status }) => status !== 'ready' && status !== 'in force') ?? [] : [];
  return {
    data: undefined,
    code,
    text: [
      `# To the phase ${to}`,
      '',
      STEPS[to].what,
      '',
      '## Is it safe?',
      '',
      ...step === undefined
        ? ['**Not judged**: no audit log was given. `--log` names one.']
        : [`**${step.status}**${step.why.length > 0 ? ', since' : '.'}`, ...step.why.length > 0 ? ['', ...step.why.map(line => `- ${text(line)}`)] : []],
      ...guardrails.length > 0 ? ['', 'Of the guardrails that would refuse from then on:', '', ...guardrails.map(one => `- \`${plain(one.policy)}\`: ${one.status}; ${text(one.why)}`)] : [],
      ...step === undefined ? [] : ['', 'With all the details: `secure-debug audit readiness`.'],
      '',
      '## What changes for whom',
      '',
      changes.text.replace(/^#/gm, '##').trim(),
      '',
      '## Good to know',
      '',
      ...STEPS[to].know.map(line => `- ${line}`),
      '',
      '## The way back',
      '',
      'Revert this change, or set the phase to what it was: the manifests are the same bytes again. With pruning the grants that this phase added go;',
      'what somebody was granted for a time ends by itself.',
    ].join('\n'),
  };
}

/** A name in it may be anything, and a comment of a pull request is Markdown. */
const text = (line: string): string => plain(line).replace(/[\\`*_<>|[\]#@]/g, char => `\\${char}`);
