import { DebugCapability, PermissionModel } from 'cdk8s-secure-debug';
import { Break, Replayed, whatText } from './breaks';
import { replayMarkdown } from './replay-markdown';
import { OK, REFUSED, wrongUse } from '../../errors';
import { Io } from '../../io';
import { Result } from '../../session';
import { table } from '../../table';
import { coloured, painter, plain, plural } from '../../text';
import { EVERYBODY } from '../minimize/everybody';
import { objectsIn } from '../minimize/rbac-source';
import { readUses } from '../minimize/read-uses';
import { asked, impersonations } from '../minimize/rights';
import { Use } from '../minimize/use';
import { isAllowed, isBy, Who, whoOf, WhoOptions } from '../minimize/who';

interface ReplayOptions extends WhoOptions {
  readonly roles?: string[];
  readonly all?: boolean;
  readonly json?: boolean;
  readonly markdown?: boolean;
}

/** Verbs of a stream, of which each client sends one and the API server may ask for another. */
function streamVerbs(): Map<string, string[]> {
  return new Map(DebugCapability.all().flatMap(capability => {
    const streams = capability.admissionMatches().filter(({ operations }) => operations.includes('CONNECT')).map(({ resource }) => resource);
    return capability.logPredicates().map(({ resource, subresource, verbs }) => [`${resource}/${subresource}`, verbs] as const).filter(([resource]) => streams.includes(resource));
  }));
}

function keyOf({ user, verb, apiGroup, resource, path, namespace }: Use, otherClients: boolean): string {
  return JSON.stringify([user, verb, apiGroup, resource, path, namespace, otherClients]);
}

/** Asks roles about what was done, request by request, and tells what they would have refused. */
export function replayed(uses: Use[], objects: any[]): Replayed {
  const model = PermissionModel.fromManifests([...EVERYBODY, ...objects]);
  const streams = streamVerbs();
  const allows = (use: Use) => isAllowed(model, use);

  const breaks = new Map<string, { first: Use; uses: Use[]; otherClients: boolean }>();
  const broke = (use: Use, otherClients: boolean) => {
    const key = keyOf(use, otherClients);
    const known = breaks.get(key);
    if (known) known.uses.push(use); else breaks.set(key, { first: use, uses: [use], otherClients });
  };
  let passed = 0;
  let broken = 0;
  for (const use of uses.filter(({ outcome }) => outcome === 'allowed')) {
    const wrong = asked(use).filter(one => !allows(one));
    wrong.forEach(one => broke(one, false));
    if (wrong.length > 0) broken += use.times; else passed += use.times;
    // Without a namespace no pod is reached, whichever verb asks.
    const isStream = use.apiGroup === '' && use.namespace !== '' && wrong.length === 0;
    const verbs = isStream ? streams.get(use.resource) ?? [] : [];
    const others = verbs.includes(use.verb) ? verbs.filter(verb => verb !== use.verb) : [];
    others.map(verb => ({ ...use, verb })).filter(one => !allows(one)).forEach(one => broke(one, true));
  }
  // What is refused already to who sent it needs no second line.
  const told = [...breaks.values()].filter(({ first, otherClients }) => !otherClients || !breaks.has(keyOf(first, false)));
  return {
    passed,
    broken,
    breaks: told.map(({ first, uses: same, otherClients }): Break => ({
      user: first.user,
      groups: first.groups,
      verb: first.verb,
      apiGroup: first.apiGroup,
      resource: first.resource,
      ...first.resource === '' && { path: first.path },
      ...first.namespace !== '' && { namespace: first.namespace },
      names: [...new Set(same.map(({ name }) => name).filter(name => name !== ''))].sort(),
      times: same.reduce((sum, { times }) => sum + times, 0),
      first: same.reduce((at, use) => use.first < at ? use.first : at, same[0].first),
      last: same.reduce((at, use) => use.last > at ? use.last : at, ''),
      ...otherClients && { otherClients },
    })),
  };
}

/** What those did who are looked at, and what they did as somebody else: to be them takes a right, too. */
function worked(uses: Use[], looked: (user: string, groups: string[]) => boolean): Use[] {
  return [
    ...uses.filter(({ user, groups }) => looked(user, groups)),
    ...uses.filter(({ actor, actorGroups = [], outcome }) => actor !== undefined && outcome !== 'refused' && looked(actor, actorGroups)).flatMap(impersonations),
  ];
}

/** Those that the bindings name; everybody is nobody in particular. */
function namedIn(objects: any[]): (user: string, groups: string[]) => boolean {
  const subjects = PermissionModel.fromManifests(objects).subjects;
  const users = new Set(subjects.map(({ userName }) => userName).filter(name => name !== ''));
  const groups = new Set(subjects.filter(({ kind }) => kind === 'Group').map(({ name }) => name).filter(name => name !== 'system:authenticated' && name !== 'system:unauthenticated'));
  return (user, held) => users.has(user) || held.some(group => groups.has(group));
}

/** Whether roles are enough for what was done. */
export async function replay(io: Io, files: string[], options: ReplayOptions): Promise<Result> {
  const { roles, all, json, markdown } = options;
  const who: Who | undefined = whoOf(options);
  if (!roles) wrongUse('No roles are given. Fix: name the manifests with --roles, e.g. secure-debug replay --roles dist audit.log.');
  if (json && markdown) wrongUse('--json and --markdown contradict each other. Fix: give one of the two.');
  if (all && who) wrongUse('--all contradicts a name. Fix: give one of the two.');
  if (files.length === 0 && (!io.stdin || io.stdin.isTTY)) wrongUse('No audit log is given. Fix: name the files, or - for standard input: secure-debug replay --roles dist audit.log.');
  const objects = await objectsIn(io, roles!);
  const { uses, damaged } = await readUses(io, files, who);
  const looked = all ? () => true : who ? (user: string, groups: string[]) => isBy(who, user, groups) : namedIn(objects);
  const result = replayed(worked(uses, looked), objects);
  const breaks = [...result.breaks].sort(byWeight);
  const none = result.passed + result.broken === 0;
  if (none) io.stderr.write('The logs have no request of those who are looked at, so nothing was tried. --all looks at everybody.\n');
  return {
    data: { passed: result.passed, broken: result.broken, breaks, damaged },
    text: markdown ? replayMarkdown(result, breaks, damaged) : asText(io, result, breaks),
    code: breaks.length > 0 || none ? REFUSED : OK,
  };
}

/** What was sent before what others would send, the most frequent first. */
function byWeight(a: Break, b: Break): number {
  return Number(a.otherClients ?? false) - Number(b.otherClients ?? false) || b.times - a.times || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
}

function asText(io: Io, { passed, broken }: Replayed, breaks: Break[]): string {
  const requests = plural(passed + broken, 'request');
  if (breaks.length === 0) return `Nothing would break: ${requests} that were allowed are allowed by these roles.`;
  const paint = painter(coloured(io, io.stdout));
  const rows = (some: Break[]) => table(paint, ['WHO', 'VERB', 'WHAT', 'NAMESPACE', 'TIMES', 'LAST'], some.map(one =>
    [plain(one.user), plain(one.verb), plain(whatText(one)), plain(one.namespace ?? '-'), String(one.times), plain(one.last.replace(/\.\d+/, ''))]));
  const own = breaks.filter(({ otherClients }) => !otherClients);
  const others = breaks.filter(({ otherClients }) => otherClients);
  return [
    ...own.length > 0 ? [paint('red', 'Would break'), rows(own), ''] : [],
    ...others.length > 0 ? [paint('yellow', 'Would break with other clients: a stream takes both verbs'), rows(others), ''] : [],
    `${broken} of ${requests} would be refused.`,
  ].join('\n');
}
