import { Standing, issuersBeside, standingOf } from './standing';
import { nextOf, statusText } from './status';
import { STEPS } from './steps';
import { readiness } from '../audit/readiness';
import type { GuardrailReadiness, PhaseReadiness, Readiness } from '../audit/readiness-judge';
import { Cluster } from '../cluster';
import { OK, REFUSED, wrongUse } from '../errors';
import { Io } from '../io';
import { diff } from '../review/diff';
import { readFiles } from '../review/readers/files';
import { inputOf } from '../review/readers/input';
import { readLive } from '../review/readers/live';
import { Result } from '../session';
import { coloured, painter, plain, word } from '../text';

interface RolloutOptions {
  readonly to?: string;
  readonly live?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly log?: string[];
  readonly days?: string;
  readonly requests?: string;
  readonly failOn?: string[];
  readonly json?: boolean;
}

const FAIL_ON = ['not-ready', 'not-enough'];

/** Where a cluster stands; or, of two states, the text of the pull request that takes it to the next phase. */
export async function rollout(io: Io, old: string | undefined, young: string | undefined, options: RolloutOptions): Promise<Result> {
  const { to, log = [], failOn = [], live } = options;
  if (to !== undefined && !(to in STEPS)) wrongUse(`--to ${plain(to)} is no step. Fix: one of ${Object.keys(STEPS).join(', ')}.`);
  const unknown = failOn.find(what => !FAIL_ON.includes(what));
  if (unknown !== undefined) wrongUse(`--fail-on ${plain(unknown)} is unknown. Fix: choose from ${FAIL_ON.join(', ')}.`);
  if (failOn.length > 0 && log.length === 0) wrongUse('--fail-on needs an audit log to judge by. Fix: name one by --log.');
  if (live && old !== undefined) wrongUse('--live reads the cluster, and a folder is named too. Fix: leave one of them out.');
  if (!live && old === undefined) wrongUse('No manifests are given. Fix: secure-debug rollout FOLDER says where it stands, OLD NEW what a step changes; --live asks the cluster.');
  return young === undefined ? status(io, old, options) : pullRequest(io, old!, young, options);
}

async function status(io: Io, folder: string | undefined, options: RolloutOptions): Promise<Result> {
  const { objects, issuers } = folder === undefined ? await fromCluster(io, options) : await fromFolder(io, folder);
  const standing = standingOf(objects, issuers);
  const to = options.to ?? nextOf(standing);
  const { step, evidence } = await judged(io, folder, to, options);
  const how = `secure-debug rollout ${word(folder ?? 'OLD')} NEW --to ${to}${(options.log ?? ['FILE']).map(file => ` --log ${word(file)}`).join('')}`;
  return {
    data: { ...standing, next: nextOf(standing), status: step?.status ?? 'not judged', why: step?.why ?? [], guardrails: evidence?.guardrails ?? [] },
    text: statusText(painter(!options.json && coloured(io, io.stdout)), standing, step, how),
    code: codeOf(step, options),
  };
}

async function fromCluster(io: Io, { kubeconfig, context }: RolloutOptions): Promise<{ objects: any[]; issuers?: boolean }> {
  const { objects, notes } = await readLive(new Cluster(await io.connect({ kubeconfig, context })));
  for (const note of notes) io.stderr.write(`${plain(note)}\n`);
  return { objects };
}

async function fromFolder(io: Io, folder: string): Promise<{ objects: any[]; issuers?: boolean }> {
  const { objects } = inputOf(await readFiles([folder], io.stdin), false);
  return { objects, issuers: issuersBeside(folder) };
}

interface Judged { readonly evidence?: Readiness; readonly step?: PhaseReadiness }

async function judged(io: Io, folder: string | undefined, to: string | undefined, { log = [], days, requests }: RolloutOptions): Promise<Judged> {
  if (log.length === 0) return {};
  const { data } = await readiness(io, log, { declared: folder === undefined ? [] : [folder], days, requests, json: true });
  const evidence = data as Readiness;
  return { evidence, step: evidence.phases.find(({ phase }) => phase === to) };
}

function codeOf(step: PhaseReadiness | undefined, { failOn = [] }: RolloutOptions): number {
  if (step?.status === 'not ready' && failOn.includes('not-ready')) return REFUSED;
  return step?.status === 'not enough evidence' && failOn.includes('not-enough') ? REFUSED : OK;
}

/** Whether the log says that it is safe, what changes for whom, and the way back. */
async function pullRequest(io: Io, old: string, young: string, options: RolloutOptions): Promise<Result> {
  const [before, after] = await Promise.all([old, young].map(folder => fromFolder(io, folder)));
  const standing = standingOf(after.objects, after.issuers);
  const to = options.to ?? stepBetween(standingOf(before.objects, before.issuers), standing);
  const { step, evidence } = await judged(io, old, to, options);
  const changes = await diff(io, [old, young], options.json ? { json: true } : { markdown: true });
  const code = codeOf(step, options);
  if (options.json) return { data: { to, status: step?.status ?? 'not judged', why: step?.why ?? [], guardrails: evidence?.guardrails ?? [], ...changes.data as object }, text: '', code };

  const same = JSON.stringify(before.objects) === JSON.stringify(after.objects);
  const guardrails = to === 'broker' ? evidence?.guardrails.filter(({ status: now }) => now !== 'ready' && now !== 'in force') ?? [] : [];
  const { log = [] } = options;
  return {
    data: undefined,
    code,
    text: [
      `# To the phase ${to}`,
      '',
      STEPS[to].what(standing),
      '',
      '## Is it safe?',
      '',
      ...step === undefined
        ? ['**Not judged**: no audit log was given. `--log` names one.']
        : [`**${step.status}**${step.why.length > 0 ? ', since' : '.'}`, ...step.why.length > 0 ? ['', ...step.why.map(line => `- ${text(line)}`)] : []],
      ...guardrails.length > 0 ? ['', 'Of the guardrails that would refuse from then on:', '', ...guardrails.flatMap(guardrailLines)] : [],
      ...step === undefined ? [] : ['', `With all the details: \`${plain(`secure-debug audit readiness ${[...log, '--declared', old].map(word).join(' ')}`).replace(/`/g, '')}\`.`],
      '',
      '## What changes for whom',
      '',
      ...after.issuers && before.issuers === false ? ['The API server is told whose tokens it believes: `control-plane/authentication-config.yaml` is new.', ''] : [],
      same ? `The manifests are the same. ${after.issuers ? '' : STEPS[to].nothing}`.trim() : changes.text.replace(/^#/gm, '##').trim(),
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

/** Which step it is, where nobody said. */
function stepBetween(before: Standing, after: Standing): string {
  if (after.phase in STEPS && after.phase !== before.phase) return after.phase;
  return wrongUse(`Which step this is cannot be told: both are in the phase ${after.phase}. Fix: --to ${Object.keys(STEPS).join(' or --to ')}.`);
}

/** So many of what a guardrail would refuse stand in the text. */
const SHOWN = 5;

function guardrailLines({ policy, status: now, why, what }: GuardrailReadiness): string[] {
  return [
    `- \`${plain(policy)}\`: ${now}; ${text(why)}`,
    ...what.slice(0, SHOWN).map(one => `  - ${text(one.what)} in ${text(one.namespace || 'the cluster')}, ${one.times}×, by ${text([...one.people, ...one.programs].slice(0, SHOWN).join(', '))}. ${one.advice}`),
    ...what.length > SHOWN ? [`  - and ${what.length - SHOWN} more`] : [],
  ];
}

/** A name in it may be anything, and a comment of a pull request is Markdown. */
const text = (line: string): string => plain(line).replace(/[\\`*_<>|[\]#@]/g, char => `\\${char}`);
