import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { allowedBy, approve, ask, byGlass, debug, exec, ON_CALL, request, time } from './audit-events';
import { DebugSession } from '../src/audit/debug-session';
import { Evidence } from '../src/audit/evidence';
import { sessionsOf } from '../src/audit/sessions';
import { sourcesOf } from '../src/audit/sources';

/**
 * A builder of sessions that shares nothing with the SQL: it goes through the requests in the order of time and remembers the last of each
 * person, pod and command. On generated logs both have to say the same.
 */

jest.setTimeout(120_000);

/** What is compared. */
interface Told {
  readonly id: string;
  readonly user: string;
  readonly impersonator?: string;
  readonly capability: string;
  readonly where: string;
  readonly command: string;
  readonly outcome: string;
  readonly path: string;
  readonly seconds?: number;
  readonly events: number;
  readonly ticket?: string;
  readonly approvers?: string;
  readonly others: string;
}

const told = (one: DebugSession): Told => ({
  id: one.id.replace(/#\d+$/, ''),
  user: one.user,
  impersonator: one.impersonator,
  capability: one.capability,
  where: `${one.namespace}/${one.pod}/${one.container ?? ''}`,
  command: (one.command ?? []).join(' '),
  outcome: one.outcome,
  path: `${one.path} ${one.outside ?? ''}`.trim(),
  seconds: one.seconds && Math.round(one.seconds * 1e6) / 1e6,
  events: one.events,
  ticket: one.request?.ticket,
  approvers: one.request?.approvers.join(),
  others: one.otherGrants.map(({ name, namespace }) => `${namespace}/${name}`).join(),
});

interface Call {
  readonly id: string;
  readonly at: number;
  readonly events: any[];
  readonly first: any;
  readonly end?: number;
  readonly code: number;
}

const at = (text: string) => Date.parse(text) * 1000 + Number(text.slice(-4, -1));
const CAPABILITY: { [subresource: string]: string } = { exec: 'exec', attach: 'attach', portforward: 'port-forward', log: 'read-logs', ephemeralcontainers: 'ephemeral-containers' };

function naive(events: any[]): Told[] {
  // One call for each auditID of one person at one moment, whatever the order of lines.
  const calls: Call[] = [];
  for (const event of events) {
    const same = calls.find(({ first }) => ['auditID', 'requestReceivedTimestamp', 'requestURI', 'verb'].every(field => first[field] === event[field])
      && first.user.username === event.user.username && first.impersonatedUser?.username === event.impersonatedUser?.username);
    if (same) {
      if (!same.events.some(({ stage }) => stage === event.stage)) same.events.push(event);
      if (event.stage === 'ResponseComplete') Object.assign(same, { end: at(event.stageTimestamp) });
    } else {
      calls.push({
        id: event.auditID, at: at(event.requestReceivedTimestamp), events: [event], first: event, code: event.responseStatus.code, ...event.stage === 'ResponseComplete' && { end: at(event.stageTimestamp) },
      });
    }
  }
  calls.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : a.first.verb < b.first.verb ? -1 : 1));

  const sessions: { key: string; calls: Call[]; debug?: boolean }[] = [];
  for (const call of calls) {
    const { first } = call;
    const { objectRef: { resource, subresource, namespace, name }, user, impersonatedUser } = first;
    if (resource !== 'pods' || !CAPABILITY[subresource]) continue;
    const url = new URL(first.requestURI, 'http://x');
    const container = subresource === 'ephemeralcontainers' ? first.requestObject.spec.ephemeralContainers.at(-1).name : url.searchParams.get('container') ?? '';
    const who = [user.username, impersonatedUser?.username, namespace, name];
    const started = ['attach', 'log'].includes(subresource) && sessions.find(one => one.debug && one.key === JSON.stringify(['debug', ...who, container])
      && one.calls[0].code < 300 && call.at >= one.calls[0].at && call.at <= one.calls[0].at + 600e6);
    if (started) {
      started.calls.push(call);
      continue;
    }
    if (subresource === 'ephemeralcontainers') {
      sessions.push({ key: JSON.stringify(['debug', ...who, container]), calls: [call], debug: true });
      continue;
    }
    const key = JSON.stringify([...who, subresource, container, url.searchParams.getAll('command')]);
    const last = sessions.filter(one => one.key === key).at(-1);
    const before = last?.calls.at(-1);
    if (before && before.code >= 400 && before.first.verb === 'get' && first.verb === 'create' && call.at - before.at <= 2e6) last!.calls.push(call);
    else sessions.push({ key, calls: [call] });
  }

  const bindings = calls.filter(({ first, code }) => first.objectRef.resource === 'rolebindings' && code < 300);
  /** The requests of a name as they stood at a moment. */
  const requestsAt = (moment: number) => {
    const open = new Map<string, { user: string; ticket: string; approvals: string; from: number; granted: number; over: number; until: number }>();
    for (const { first, at: when } of bindings) {
      const { namespace, name } = first.objectRef;
      const key = `${namespace}/${name}`;
      const said = first.requestObject?.metadata?.annotations ?? {};
      const subjects = (first.requestObject?.subjects ?? []).length;
      const [user, ticket, expires, approvals, closed] = ['requested-by', 'ticket', 'expires-at', 'approvals', 'closed'].map(one => said[`secure-debug.internal/${one}`]);
      if (first.verb === 'create') {
        if (when <= moment) {
          open.set(key, {
            user, ticket, approvals: '', from: when, granted: subjects > 0 ? when : Infinity, over: Date.parse(expires) * 1000, until: Date.parse(expires) * 1000 + 300e6,
          });
        }
        continue;
      }
      const known = open.get(key);
      // An approval tells of the whole request, also when it came after the session began.
      if (!known || [...bindings].some(other => other.first.verb === 'create' && other.first.objectRef.name === name && other.first.objectRef.namespace === namespace && other.at > moment && other.at < when)) continue;
      if (approvals) known.approvals = approvals;
      if (subjects > 0) known.granted = Math.min(known.granted, when);
      if (closed || first.verb === 'delete') {
        known.until = Math.min(known.until, when + 60e6);
        known.over = Math.min(known.over, when);
      }
    }
    return open;
  };

  return sessions.map(({ calls: all, debug: isDebug }) => {
    const main = isDebug ? all[0] : all.at(-1)!;
    const { first } = main;
    const { objectRef: { namespace, name, subresource }, user, impersonatedUser } = first;
    const reason: string = first.annotations['authorization.k8s.io/reason'];
    const [, binding = '', place, role = ''] = /RoleBinding "([^/"]*)\/?(.*?)" of (?:Role|ClusterRole) "(.*?)"/.exec(reason) ?? [];
    const person = impersonatedUser?.username ?? user.username;
    const outcome = main.code === 403 ? 'refused' : main.code >= 400 ? 'failed' : all.every(({ end }) => end !== undefined) ? 'completed' : 'open';
    const path = first.annotations['authorization.k8s.io/decision'] === 'forbid' ? 'none'
      : reason === '' ? user.groups.includes('system:masters') ? 'outside system:masters' : 'outside no binding named'
        : { 'oncall-debug': 'on-call', 'break-glass': 'break-glass', 'debug-grant': 'just-in-time' }[role] ?? (role === 'cluster-admin' ? 'outside cluster-admin' : 'outside other binding');
    const begin = all[0].at;
    const open = requestsAt(begin);
    const behind = reason.includes(' RoleBinding "') ? open.get(`${place}/${binding}`) : undefined;
    // Whoever broke the glass in the namespace acts by it.
    const emergency = ['on-call', 'just-in-time'].includes(path) ? [...open].filter(([key, one]) => key.startsWith(`${namespace}/break-glass`) && one.user === person && one.granted <= begin && begin < one.over)
      .map(([, one]) => one).sort((a, b) => a.from - b.from).at(-1) : undefined;
    const its = emergency ?? (behind && begin < behind.until ? behind : undefined);
    const others = [...open].filter(([key, one]) => key.startsWith(`${namespace}/`) && one.user === person && one.granted <= begin && begin < one.until && key !== `${place}/${binding}`).map(([key]) => key).sort();
    const url = new URL(first.requestURI, 'http://x');
    const ephemeral = isDebug ? first.requestObject.spec.ephemeralContainers.at(-1) : undefined;
    return {
      id: all[0].id,
      user: person,
      impersonator: impersonatedUser && user.username,
      capability: CAPABILITY[subresource],
      where: `${namespace}/${name}/${ephemeral?.name ?? url.searchParams.get('container') ?? ''}`,
      command: (ephemeral?.command ?? url.searchParams.getAll('command')).join(' '),
      outcome,
      path: emergency ? 'break-glass' : path,
      seconds: outcome === 'open' ? undefined : (Math.max(...all.map(({ end }) => end ?? 0)) - begin) / 1e6,
      events: all.reduce((sum, one) => sum + one.events.length, 0),
      ticket: its?.ticket,
      approvers: its && its.approvals.split('\n').filter(Boolean).map(line => line.split(' as ')[0]).join(),
      others: others.join(),
    };
  });
}

/** Numbers from 0 to 1, always the same ones for a seed (Lehmer). */
function random(seed: number): () => number {
  let state = 1 + seed % 2147483646;
  return () => {
    state = state * 48271 % 2147483647;
    return state / 2147483647;
  };
}

/** A log of few people, pods and commands in little time, so that everything gets in the way of everything. */
function generated(seed: number): any[] {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)];
  const all: any[] = [];
  for (let i = 0; i < 250; i++) {
    const moment = Math.round(next() * 3_000e6) / 1e6;
    const user = pick(['alice', 'bob']);
    const who = { id: `${seed}-${pick([i, i, i, 'same'])}`, user, at: moment, namespace: pick(['payments', 'search']), ...next() < 0.1 && { as: pick(['alice', 'carol']) } };
    const since = (event: any) => at(event.requestReceivedTimestamp) / 1e6 - Date.parse(time(0)) / 1e3;
    const near = all.length > 0 && next() < 0.5 ? { at: since(pick(all)) + Math.round(next() * 3e6) / 1e6 } : {};
    const stream = { ...who, ...near, name: pick(['web', 'db']), took: pick([0.5, 100, null]) };
    const outcome = pick([{}, {}, { code: 403 }, { code: 403 }, { code: 404, message: 'gone' }, { reason: byGlass(user) }, { reason: allowedBy(`debug-grant:${user}/${who.namespace}`, 'debug-grant', user, 'User') },
      { reason: `RBAC: allowed by RoleBinding "break-glass:${user}/${who.namespace}" of Role "break-glass" to User "${user}"` }, { reason: '', groups: ['system:masters'] }, { reason: '' },
      { reason: 'RBAC: allowed by ClusterRoleBinding "a" of ClusterRole "cluster-admin" to Group "b"' }, { reason: ON_CALL }]);
    const refusedIsShort = 'code' in outcome ? { ...outcome, stages: ['ResponseComplete'], took: 0.01 } : outcome;
    const dice = next();
    if (dice < 0.45) all.push(...exec({ ...stream, verb: pick(['get', 'create']), words: pick([['sh'], ['ls', '-l']]), ...refusedIsShort }));
    else if (dice < 0.55) all.push(...request({ ...stream, subresource: pick(['attach', 'log']), query: `container=${pick(['app', 'debugger-1', 'debugger-2'])}`, ...refusedIsShort }));
    else if (dice < 0.6) all.push(...request({ ...stream, subresource: 'portforward', ...refusedIsShort }));
    else if (dice < 0.75) all.push(...debug({ ...who, id: undefined, container: `debugger-${i % 2 ? i : pick([1, 2]) + i * 10}` }));
    else if (dice < 0.85) all.push(...ask({ ...who, as: undefined, id: `${seed}-ask-${i}`, role: pick(['break-glass', 'debug-grant']), ticket: `INC-${i}`, granted: next() < 0.5, until: Math.ceil(moment + pick([60, 600, 3600])) }));
    else all.push(...approve({ who: 'erin', id: `${seed}-approve-${i}`, at: moment, namespace: who.namespace, name: pick([`break-glass:${user}`, `debug-grant:${user}`]) }));
  }
  // Lines are in no order of their requests.
  return all.map(event => [next(), event] as const).sort(([a], [b]) => a - b).map(([, event]) => event);
}

const sorted = (list: Told[]) => list.map(one => JSON.stringify(Object.entries(one).filter(([, value]) => value !== undefined && value !== ''))).sort();

test.each([1, 2, 3, 4, 5, 6, 7, 8])('SQL and a builder that shares nothing with it agree on generated log %i', async seed => {
  const events = generated(seed);
  const folder = mkdtempSync(join(tmpdir(), 'secure-debug-sessions-'));
  writeFileSync(join(folder, 'audit.log'), events.map(event => `${JSON.stringify(event)}\n`).join(''));
  const evidence = await Evidence.read(sourcesOf([folder], [], false).sources, {});
  try {
    const found = await sessionsOf(evidence, {});
    expect(sorted(found.map(told))).toEqual(sorted(naive(events)));
    expect(found.length).toBeGreaterThan(80);
  } finally {
    evidence.close();
    rmSync(folder, { recursive: true });
  }
});
