import { readFileSync } from 'fs';
import { AuditLevel, AuditPolicyEvaluator, DebugCapability, type RecordingGap } from 'cdk8s-secure-debug';
import { Damage } from './damage';
import { eventLogs, readEvents } from './event-logs';
import { atLeast, Moved, Moves, Replay, Replayed, Span, timeOf } from './simulate-log';
import { Hypothetical, requestsOf } from './simulate-requests';
import { simulateMarkdown, simulateText } from './simulate-text';
import { OK, REFUSED, wrongUse } from '../errors';
import { Io } from '../io';
import { Result } from '../session';
import { coloured, painter, plain } from '../text';

export interface SimulateOptions {
  readonly compare?: string;
  readonly request?: string[];
  readonly as?: string;
  readonly asGroup?: string[];
  readonly namespace?: string;
  readonly failOn?: string[];
  readonly json?: boolean;
  readonly markdown?: boolean;
}

/** One policy, and what it makes of what was asked. */
export interface Simulated {
  readonly file: string;
  readonly evaluator: AuditPolicyEvaluator;
  readonly gaps: RecordingGap[];
  readonly replayed?: Replayed;
  readonly answers: Answer[];
}

/** What a policy does with a hypothetical request. */
export interface Answer {
  readonly request: string;
  readonly level: AuditLevel;
  /** From 0; -1 when no rule matches. */
  readonly rule: number;
  readonly omitStages: string[];
  /** Whether it is a debug request that is not recorded as needed. */
  readonly lost?: 'lost' | 'weaker';
  readonly needed?: AuditLevel;
}

export interface Simulation {
  readonly policy: Simulated;
  readonly old?: Simulated;
  readonly moved: Moved[];
  readonly events: number;
  readonly logs: number;
  readonly from?: string;
  readonly to?: string;
  readonly days: number;
  readonly damaged: string[];
  readonly damagedLines: number;
  /** Debug requests that are not recorded; against another policy: that were. */
  readonly lost: string[];
  readonly weaker: string[];
}

const FAIL_ON = ['lost', 'weaker', 'damaged'];

/** What an audit policy would record: of a log, of requests, or of every debug request there is. Asks no cluster. */
export async function simulate(io: Io, policyFile: string, files: string[], options: SimulateOptions): Promise<Result> {
  check(options);
  const texts = options.request ?? [];
  const hypothetical = requestsOf(texts, options);
  const [evaluator, oldEvaluator] = [evaluatorOf(policyFile), options.compare === undefined ? undefined : evaluatorOf(options.compare)];
  // Without a log or a request the policy is looked at alone; a pipe is read where it is named.
  const read = files.length > 0 ? eventLogs(io, files) : { logs: [], size: 0, opened: [] };
  const { logs } = read;

  const damage = new Damage();
  const [replay, oldReplay, moves, span] = [new Replay(evaluator), oldEvaluator && new Replay(oldEvaluator), new Moves(), new Span()];
  const events = await readEvents(io, read, damage, (event, line) => {
    span.take(event);
    const now = replay.take(event, line);
    if (oldReplay) moves.take(event, oldReplay.take(event, line), now);
  });
  const simulated = (file: string, of: AuditPolicyEvaluator, replayed: Replay): Simulated => ({
    file, evaluator: of, gaps: of.gaps(), answers: hypothetical.map(one => answer(of, one)), ...logs.length > 0 && { replayed: replayed.result() },
  });
  const policy = simulated(policyFile, evaluator, replay);
  const old = oldEvaluator && simulated(options.compare!, oldEvaluator, oldReplay!);
  const result: Simulation = {
    policy,
    old,
    moved: moves.all(),
    events,
    logs: logs.length,
    from: timeOf(span.from),
    to: timeOf(span.to),
    days: span.days,
    damaged: damage.told(),
    damagedLines: damage.lines,
    lost: findings(policy, 'lost', old),
    weaker: findings(policy, 'weaker', old),
  };
  for (const one of result.damaged) io.stderr.write(`not read: ${plain(one)}\n`);
  const is: { readonly [what: string]: boolean } = { lost: result.lost.length > 0, weaker: result.weaker.length > 0, damaged: damage.any };
  return {
    data: dataOf(result),
    text: options.markdown ? simulateMarkdown(result) : simulateText(painter(!options.json && coloured(io, io.stdout)), result),
    code: (options.failOn ?? []).some(what => is[what]) ? REFUSED : OK,
  };
}

function check({ request = [], as, asGroup, namespace, failOn, json, markdown }: SimulateOptions): void {
  if (json && markdown) wrongUse('--json and --markdown contradict each other. Fix: give one of the two.');
  if (request.length === 0 && (as !== undefined || asGroup !== undefined || namespace !== undefined)) {
    wrongUse('--as, --as-group and -n say who sends a --request, and there is none. Fix: give one, e.g. --request exec.');
  }
  if (namespace !== undefined && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) {
    wrongUse(`-n ${plain(namespace)} is no namespace's name. Fix: write lower-case letters, digits and "-", e.g. payments.`);
  }
  const unknown = failOn?.find(what => !FAIL_ON.includes(what));
  if (unknown !== undefined) wrongUse(`--fail-on ${plain(unknown)} is unknown. Fix: choose from ${FAIL_ON.join(', ')}.`);
}

function evaluatorOf(file: string): AuditPolicyEvaluator {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return wrongUse(`${plain(file)} cannot be read (${(error as NodeJS.ErrnoException).code}). Fix: name the file that --audit-policy-file of kube-apiserver names.`);
  }
  try {
    return AuditPolicyEvaluator.fromYaml(text);
  } catch (error) {
    return wrongUse(`${plain(file)} is no audit policy that kube-apiserver takes: ${plain((error as Error).message)}`);
  }
}

function answer(evaluator: AuditPolicyEvaluator, { text, request, capability }: Hypothetical): Answer {
  const { level, ruleIndex, omitStages } = evaluator.evaluate(request);
  const needed = capability === undefined ? undefined : neededLevel(capability, `${request.resource}${request.subresource ? `/${request.subresource}` : ''}`);
  const lost = needed === undefined ? undefined
    : level === AuditLevel.NONE || omitStages.some(stage => (stage as string) === 'ResponseComplete') ? 'lost' : atLeast(level, needed) ? undefined : 'weaker';
  return { request: text, level, rule: ruleIndex, omitStages, ...lost && { lost }, ...needed && { needed } };
}

function neededLevel(capability: string, resource: string): AuditLevel | undefined {
  return DebugCapability.all().find(({ id }) => id === capability)?.auditRules().find(rule => rule.resource === resource)?.level;
}

/** A kind of debug request that a policy does not record as needed, and what tells it from others. */
interface Finding {
  readonly kind: 'lost' | 'weaker';
  readonly key: string;
  readonly text: string;
}

const isWeaker = ({ level, needed }: { level: AuditLevel; needed: AuditLevel }) => level !== AuditLevel.NONE && !atLeast(level, needed);

/** Of the policy as such, whatever was asked; and of log and requests what that does not say already. */
function found({ gaps, replayed, answers }: Simulated): Finding[] {
  const inPolicy = gaps.map((gap): Finding & { request: string } => ({
    kind: isWeaker(gap) ? 'weaker' : 'lost',
    key: JSON.stringify([gap.capability, gap.verb, gap.resource, gap.callers]),
    text: gap.explanation,
    request: `${gap.verb} ${gap.resource}`,
  }));
  const said = (kind: Finding['kind'], request: string) => inPolicy.some(gap => gap.kind === kind && gap.request === request);
  const inLog = (kind: Finding['kind']) => (replayed?.[kind] ?? []).filter(({ request }) => !said(kind, request)).map(({ capability, request, requests, people }): Finding =>
    ({ kind, key: `${capability} ${request}`, text: `${request} (${capability}): ${requests} of ${people.join(', ')}` }));
  const asked = answers.flatMap(({ lost, request }): Finding[] => lost && !said(lost, request.split(' ', 2).join(' ')) ? [{ kind: lost, key: request, text: request }] : []);
  return [...inPolicy, ...inLog('lost'), ...inLog('weaker'), ...asked];
}

/** A sentence each; beside another policy only what that recorded better. */
function findings(policy: Simulated, kind: Finding['kind'], old?: Simulated): string[] {
  const before = new Set((old ? found(old) : []).filter(one => one.kind === 'lost' || one.kind === kind).map(({ key }) => key));
  return found(policy).filter(one => one.kind === kind && !before.has(one.key)).map(({ text }) => text);
}

function dataOf({ policy, old, ...rest }: Simulation): object {
  const one = ({ file, evaluator: { rules, remarks }, gaps, replayed, answers }: Simulated) => ({
    file, rules, remarks, gaps, ...answers.length > 0 && { requests: answers }, ...replayed && { log: replayed },
  });
  return { policy: one(policy), ...old && { compared: one(old) }, ...rest };
}
