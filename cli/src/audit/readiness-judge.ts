import { Declared } from './readiness-declared';
import { Failure, Gathered, Tally } from './readiness-gather';
import { plural } from '../text';

/** From which evidence on something is called safe. */
export interface Thresholds {
  /** Days, at the end of the log, in which nothing was in the way; the log has to cover them. */
  readonly days: number;
  /** Requests that were asked about, or sent by the new path, in these days. */
  readonly requests: number;
}

export type Status = 'ready' | 'not ready' | 'not enough evidence' | 'in force';

/** What somebody did that the next step would refuse. */
export interface Refusable {
  readonly what: string;
  readonly namespace: string;
  readonly times: number;
  readonly people: string[];
  readonly programs: string[];
  readonly groups: string[];
  /** RFC 3339. */
  readonly last: string;
  readonly message: string;
  readonly advice: string;
}

export interface GuardrailReadiness {
  readonly policy: string;
  /** What the binding does, as far as is known: `Audit`, `Warn` or `Deny`. */
  readonly mode: string;
  /** The next mode; none when it denies. */
  readonly next?: string;
  readonly status: Status;
  readonly why: string;
  /** Requests it was asked about, before its exceptions; only known by the manifests. */
  readonly asked?: number;
  readonly askedBy?: number;
  readonly wouldDeny: number;
  /** In the days that count. */
  readonly recent: number;
  readonly refused: number;
  readonly people: string[];
  readonly what: Refusable[];
}

/** Somebody who still comes in by the old way. */
export interface Dependent {
  readonly who: string;
  readonly times: number;
  readonly debug: number;
  readonly last: string;
  readonly how: string[];
  readonly what: string[];
}

export interface PhaseReadiness {
  readonly phase: 'credentials' | 'broker';
  readonly status: Status;
  readonly why: string[];
}

export interface UnusedGrant {
  readonly grant: string;
  readonly role: string;
  readonly subjects: string[];
}

export interface Readiness {
  readonly from?: string;
  readonly to?: string;
  readonly days: number;
  readonly thresholds: Thresholds;
  readonly guardrails: GuardrailReadiness[];
  readonly phases: PhaseReadiness[];
  /** People who are cluster-admin or system:masters. */
  readonly unbounded: Dependent[];
  /** ServiceAccounts whose tokens are used at a terminal; `how` are the programs. */
  readonly borrowed: Dependent[];
  /** Debug requests by paths, and of how many people. */
  readonly byPath: { readonly requests: number; readonly people: string[] };
  readonly requests: { readonly made: number; readonly used: number; readonly unused: string[] };
  /** Bindings of the manifests that RBAC named for nothing. */
  readonly unused: UnusedGrant[];
}

const DAY = 86_400e6;
const sorted = (of: Iterable<string>): string[] => [...new Set(of)].sort();
const rfc3339 = (at: number): string => new Date(at / 1_000).toISOString();
const isProgram = (user: string): boolean => user.startsWith('system:');

export function judge(gathered: Gathered, declared: Declared, thresholds: Thresholds): Readiness {
  const { first, last } = gathered;
  const days = last > first ? (last - first) / DAY : 0;
  const recently = last - thresholds.days * DAY;
  const covered = days >= thresholds.days;
  const context: Context = { gathered, declared, thresholds, days, recently, covered };
  const policies = sorted([...[...gathered.failures, ...declared.guardrails].map(({ policy }) => policy), ...gathered.denied.keys()]);
  const unbounded = [...gathered.unbounded].map(([who, tally]) => dependent(who, tally, tally.debug, tally.how));
  const borrowed = [...gathered.borrowed].map(([who, tally]) => dependent(who, tally, 0, tally.who));
  const byPath = { requests: [...gathered.byPath.values()].reduce((sum, { count }) => sum + count, 0), people: sorted(gathered.byPath.keys()) };
  const requests = requestsOf(gathered);
  return {
    ...Number.isFinite(first) && { from: rfc3339(first), to: rfc3339(last) },
    days,
    thresholds,
    guardrails: policies.map(policy => guardrail(policy, context)),
    phases: phases(context, byPath, requests),
    unbounded: unbounded.sort(byTimes),
    borrowed: borrowed.sort(byTimes),
    byPath,
    requests,
    unused: declared.grants
      .filter(({ kind, namespace, name }) => !gathered.grants.has(`${kind} ${namespace}/${name}`))
      .map(({ kind, namespace, name, role, subjects }) => ({ grant: `${kind} ${namespace ? `${namespace}/` : ''}${name}`, role, subjects })),
  };
}

interface Context {
  readonly gathered: Gathered;
  readonly declared: Declared;
  readonly thresholds: Thresholds;
  readonly days: number;
  readonly recently: number;
  readonly covered: boolean;
}

const byTimes = (a: { times: number; who: string }, b: { times: number; who: string }) => b.times - a.times || (a.who < b.who ? -1 : 1);

function dependent(who: string, { count, last, what }: Tally, debug: number, how: Set<string>): Dependent {
  const most = [...what].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([one, many]) => many > 1 ? `${one} ×${many}` : one);
  return { who, times: count, debug, last: rfc3339(last), how: sorted(how), what: most };
}

function guardrail(policy: string, { gathered, declared, thresholds, days, recently, covered }: Context): GuardrailReadiness {
  const failures = gathered.failures.filter(one => one.policy === policy);
  const bindings = declared.guardrails.filter(one => one.policy === policy);
  const asked = gathered.asked.get(policy);
  const refused = gathered.denied.get(policy);
  // What the log says last is what is so; the manifests say what it is, where nothing failed.
  const latest = failures.length > 0 ? failures.reduce((a, b) => a.at > b.at ? a : b) : undefined;
  const actions = bindings.length > 0 ? bindings.flatMap(one => one.actions) : refused && !(latest && latest.at > refused.last) ? ['Deny'] : latest?.actions ?? [];
  const mode = ['Deny', 'Warn', 'Audit'].find(one => actions.includes(one)) ?? 'unknown';
  const recent = failures.filter(({ at }) => at > recently);
  const connects = failures.some(({ connect }) => connect) || bindings.some(({ rules }) => rules.some(({ operations }) => operations.includes('CONNECT')));
  const people = sorted(recent.map(({ by }) => by));
  const common = {
    policy,
    mode,
    ...bindings.length > 0 && { asked: asked?.count ?? 0, askedBy: asked?.who.size ?? 0 },
    wouldDeny: failures.length,
    recent: recent.length,
    refused: refused?.count ?? 0,
    people,
    what: refusables(recent.length > 0 ? recent : failures),
  };
  if (mode === 'Deny') return { ...common, status: 'in force', why: refused ? `refused ${plural(refused.count, 'request')} of ${plural(refused.who.size, 'caller')}` : 'refused nothing in this log' };
  const next = mode === 'Warn' || connects ? 'Deny' : 'Warn';
  const why = (status: Status, text: string): GuardrailReadiness => ({ ...common, next, status, why: text });
  const wanted = `${plural(thresholds.days, 'day')}`;
  const would = `would have refused ${plural(recent.length, 'request')} of ${plural(people.length, 'caller')} in the last ${wanted}`;
  // A warning refuses nobody, and people learn what they have to change.
  if (next === 'Warn' && failures.length > 0) {
    const before = recent.length > 0 ? `${would}, so Deny is not safe yet` : `nothing would have been refused in the last ${wanted}`;
    return why('ready', `${before}; Warn refuses nobody and tells them, where the client is kubectl`);
  }
  if (recent.length > 0) return why('not ready', would);
  if (!covered) return why('not enough evidence', `the log covers ${daysText(days)}, and ${wanted} are needed`);
  if (bindings.length === 0) return why('not enough evidence', `nothing would have been refused in the last ${wanted}, but how often it was asked is not known. Name the manifests by --declared`);
  const many = asked?.count ?? 0;
  if (many < thresholds.requests) return why('not enough evidence', `it was asked about ${plural(many, 'request')}, and ${thresholds.requests} are needed`);
  const quiet = failures.length > 0 ? `; the last would-be refusal was on ${rfc3339(latest!.at).slice(0, 10)}` : '';
  return why('ready', `it was asked about ${plural(many, 'request')} of ${plural(asked!.who.size, 'caller')} on ${plural(asked!.days.size, 'day')}, and would have refused none in the last ${wanted}${quiet}`);
}

export const daysText = (days: number): string => days >= 1 ? plural(Math.floor(days * 10) / 10, 'day') : plural(Math.round(days * 24), 'hour');

function refusables(failures: Failure[]): Refusable[] {
  const groups = new Map<string, Failure[]>();
  for (const failure of failures) {
    const key = JSON.stringify([failure.namespace, failure.what, failure.message]);
    const same = groups.get(key);
    if (same) same.push(failure);
    else groups.set(key, [failure]);
  }
  return [...groups.values()].map((all): Refusable => {
    const [{ what, namespace, message }] = all;
    const who = sorted(all.map(({ by }) => by));
    return {
      what,
      namespace,
      times: all.length,
      people: who.filter(one => !isProgram(one)),
      programs: who.filter(isProgram),
      groups: sorted(all.flatMap(({ groups: of }) => of)).filter(group => !group.startsWith('system:')),
      last: rfc3339(Math.max(...all.map(({ at }) => at))),
      message,
      advice: advice(all[0], who.some(isProgram)),
    };
  }).sort((a, b) => b.times - a.times || (a.what < b.what ? -1 : 1));
}

/** What to allow, or what to tell them. */
function advice({ kind, message, what }: Failure, program: boolean): string {
  const exception = 'If a program needs it, name it in exceptions, with a reason.';
  switch (kind) {
    case 'exec':
      if (!what.startsWith('exec')) return program ? exception : `Allow ${what} in ExecAccess, or tell them to use exec or a request for access.`;
      if (/takes the command set/.test(message)) return 'Allow the command set to their group (ExecAccess), or tell them to request access or break glass.';
      if (/without -i and -t/.test(message)) return 'Tell them to leave out -i and -t.';
      return program ? exception : 'Add the command to a command set if it is harmless, or tell them to request access or break glass.';
    case 'containers': return 'Add the image or command to the DebugImages if it is meant, or tell them which there are.';
    case 'gitops': return program ? 'If it applies what stands in Git, it is a GitOpsIdentity; else name it in exceptions, with a reason.' : 'Tell them to change it in Git, or in an emergency to break glass.';
    case 'bindings': return program ? exception : 'Tell them to bind groups in Git, or to request access.';
    default: return exception;
  }
}

function requestsOf({ requests, grants }: Gathered): Readiness['requests'] {
  const inOrder = [...requests].sort((a, b) => a.at - b.at);
  const used = inOrder.filter(({ namespace, name, at }, i) => {
    // The next request has the same name.
    const until = inOrder.slice(i + 1).find(one => one.namespace === namespace && one.name === name)?.at ?? Infinity;
    return grants.get(`RoleBinding ${namespace}/${name}`)?.times.some(time => time >= at && time < until);
  });
  const unused = inOrder.filter(one => !used.includes(one)).map(({ namespace, name, by, at }) => `${namespace}/${name} of ${by}, ${rfc3339(at)}`);
  return { made: inOrder.length, used: used.length, unused };
}

function phases({ gathered, thresholds, days, recently, covered }: Context, byPath: Readiness['byPath'], requests: Readiness['requests']): PhaseReadiness[] {
  const wanted = plural(thresholds.days, 'day');
  const short = covered ? [] : [`the log covers ${daysText(days)}, and ${wanted} are needed`];
  const few = byPath.requests >= thresholds.requests ? [] : [`${plural(byPath.requests, 'debug request')} came by the declared paths, and ${thresholds.requests} are needed`];
  const still = [...gathered.unbounded].filter(([, { last }]) => last > recently);
  const admins = still.length === 0 ? [] : [`${plural(still.length, 'person', 'people')} used cluster-admin or system:masters in the last ${wanted}: ${still.map(([who]) => who).sort().join(', ')}`];
  const tokens = [...gathered.borrowed].filter(([, { last }]) => last > recently);
  const borrowed = tokens.length === 0 ? [] : [`the tokens of ${plural(tokens.length, 'ServiceAccount')} are used at terminals: ${tokens.map(([who]) => who).sort().join(', ')}`];
  const untried = requests.used > 0 ? [] : [`${requests.made === 0 ? 'nobody asked for access' : `of ${plural(requests.made, 'request')} for access none was used`}, so the way of asking is not tried`];
  const phase = (name: PhaseReadiness['phase'], blockers: string[], missing: string[]): PhaseReadiness => ({
    phase: name,
    status: blockers.length > 0 ? 'not ready' : missing.length > 0 ? 'not enough evidence' : 'ready',
    why: [...blockers, ...missing],
  });
  return [phase('credentials', admins, [...short, ...few]), phase('broker', [...admins, ...borrowed], [...short, ...few, ...untried])];
}
