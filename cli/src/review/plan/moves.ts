import { PolicyRule } from 'cdk8s-secure-debug';
import { Decision } from './decide';
import { Wave, waveOf } from './waves';
import { remarks } from '../minimize/confidence';
import { split } from '../minimize/covered';
import { roleName } from '../minimize/objects';
import { Needed, neededBy, Place, placesOf } from '../minimize/rights';
import { literal } from '../minimize/safe-text';
import { Code, codeOf } from '../minimize/typescript';
import { Use } from '../minimize/use';
import { Who } from '../minimize/who';

/** What somebody gets instead of what they have. */
export interface Move {
  readonly who: Who;
  readonly name: string;
  readonly onRequest: boolean;
  readonly needed: Needed;
  readonly places: Place[];
  readonly uses: Use[];
  readonly remarks: string[];
}

/** One for everybody of whom a binding is replaced, shrunk or bound to a time. */
export function movesOf(decisions: Decision[]): Move[] {
  const bySubject = new Map<string, Decision[]>();
  for (const decision of decisions.filter(({ action }) => ['replace', 'shrink', 'time-bound'].includes(action))) {
    const key = JSON.stringify(decision.who);
    bySubject.set(key, [...bySubject.get(key) ?? [], decision]);
  }
  return [...bySubject.values()].map((own): Move => {
    const [{ who }] = own;
    const uses = [...new Set(own.flatMap(decision => decision.uses))];
    const needed = neededBy(who, uses);
    return { who, name: roleName(who), onRequest: own.some(({ action }) => action === 'time-bound'), needed, places: placesOf(needed.rights), uses, remarks: remarks(who, needed, uses) };
  }).sort((a, b) => a.name < b.name ? -1 : 1);
}

const READS = ['get', 'list', 'watch'];
const isRead = ({ verbs, resources }: PolicyRule) => verbs.every(verb => READS.includes(verb)) && !resources.some(one => one === 'secrets' || one.includes('/'));

/** What no request may open, for it outlasts the hour. */
const LASTING = ['rbac.authorization.k8s.io', 'admissionregistration.k8s.io', 'certificates.k8s.io', 'authentication.k8s.io'];
const LASTING_RESOURCES = ['secrets', 'serviceaccounts/token', 'users', 'groups', 'serviceaccounts'];
const LASTING_VERBS = ['bind', 'escalate', 'impersonate', 'approve', 'sign'];
const lasts = ({ apiGroups, resources, verbs }: PolicyRule) => apiGroups.some(one => LASTING.includes(one))
  || (apiGroups.includes('') && resources.some(one => LASTING_RESOURCES.includes(one))) || verbs.some(verb => LASTING_VERBS.includes(verb));

/** The code of one move in one wave; undefined when it has no part in it. */
export function codeOfMove(move: Move, waves: Wave[], wave: number, approvers: string[]): Code | undefined {
  const places = move.places.filter(({ namespace }) => waveOf(waves, namespace) === wave);
  if (places.length === 0) return undefined;
  return move.onRequest ? onRequest(move, places, approvers) : codeOf(move, places);
}

/** Reads stay; what acts is asked for. */
function onRequest(move: Move, places: Place[], approvers: string[]): Code {
  const { who, name } = move;
  const lines: string[] = [];
  const library: string[] = [];
  const standing: Place[] = [];
  places.forEach((place, i) => {
    const { namespace } = place;
    const { covered, rest } = namespace === undefined ? { covered: [], rest: [] } : split(place);
    const capabilities = covered.flatMap(one => one.capabilities);
    if (capabilities.length === 0) {
      standing.push(place);
      return;
    }
    const apart = rest.filter(rule => isRead(rule) || lasts(rule));
    const asked = rest.filter(rule => !apart.includes(rule));
    if (apart.length > 0) standing.push({ namespace, rules: apart, urls: [] });
    library.push('BreakGlassAccess', 'DebugCapability');
    lines.push(
      `new BreakGlassAccess(this, ${literal(`${name}-on-request-${i + 1}`)}, {`,
      `  profile: ${literal(profileOf(name))},`,
      `  namespaces: ${literal([namespace])},`,
      `  requesters: ${literal([who.name])},`,
      ...approvers.length > 0 ? [`  approvers: ${literal(approvers)},`, '  approvals: 1,'] : [],
      `  capabilities: [${capabilities.map(({ id }) => `DebugCapability.${id.toUpperCase().replace(/-/g, '_')}`).join(', ')}],`,
      ...asked.length > 0 ? ['  extraRules: [', ...asked.map(rule => `    ${literal(rule)},`), '  ],'] : [],
      ...isSystem(namespace!) ? ['  allowSystemNamespaces: true,'] : [],
      '});',
    );
  });
  const more = codeOf(move, standing);
  return { lines: [...lines, ...more.lines], library: [...library, ...more.library], plainObjects: more.plainObjects };
}

const isSystem = (namespace: string) => /^(kube-.*|openshift(-.*)?|default)$/.test(namespace);
const profileOf = (name: string) => name.replace(/^minimal-/, '').slice(0, 40).replace(/-$/, '');
