import { Yaml } from 'cdk8s';
import * as fc from 'fast-check';
import { Answer, Judge, labelsOfNamespace, Question } from './question';
import { End, ENDS, Port, PORTS } from '../../network/universe';

/** Addresses on both sides of where the blocks of the world begin and end, and one that answers DNS; none is a pod's. */
const EDGES = [
  '10.0.1.0', '10.0.1.255', '10.0.2.0', '10.0.3.255', '10.0.4.0', '10.1.0.0', '192.0.2.2', '169.254.20.10',
  'fd00:0:ffff::1', 'fd00:2::3', 'fd01::', '2001:db9::',
];
const BESIDE: Port[] = [
  ...[53, 79, 81, 100, 101, 8079, 65535].map(number => ({ protocol: 'TCP', number })),
  ...[79, 100].map(number => ({ protocol: 'UDP', number })),
  { protocol: 'SCTP', number: 81 },
];

/** Every connection from some ends to others, at the ports that policies name and those beside them. */
const between = (sources: End[], destinations: End[]): Question[] => sources.flatMap(from => destinations
  .flatMap(to => from === to ? [] : [...PORTS, ...BESIDE].map(port => ({ from, to, port }))));

const pods = ENDS.filter(({ namespace }) => namespace !== undefined);
const others = [...ENDS.filter(({ namespace }) => namespace === undefined), ...EDGES.map((ip): End => ({ ip, labels: {}, named: {} }))];
const AMONG_PODS = between(pods, pods);
const WITH_OTHERS = [...between(pods, others), ...between(others, pods)];

/** So that many sets of policies can be tried, each is asked about by one part of the questions, those among pods more often. */
const PARTS = 26;
const partOf = (part: number) => [...AMONG_PODS.filter((_, i) => i % 2 === part % 2), ...WITH_OTHERS.filter((_, i) => i % 13 === part % 13)];

/** What the API server makes of policies when it stores them: their types are always said. */
export function stored(manifests: any[]): any[] {
  return manifests.map(manifest => {
    const { policyTypes, egress } = manifest.spec;
    return { ...manifest, spec: { ...manifest.spec, policyTypes: policyTypes?.length ? policyTypes : ['Ingress', ...egress?.length ? ['Egress'] : []] } };
  });
}

/**
 * Whether a policy that governs the connection asks with NotIn for a label that is not there: then Kubernetes selects,
 * and cyclonus does not.
 */
export function turnsOnAbsentLabel(manifests: any[], { from, to }: Question): boolean {
  const absent = (selector: any, labels: Record<string, string>) =>
    (selector?.matchExpressions ?? []).some(({ key, operator }: any) => operator === 'NotIn' && !(key in labels));
  const absentIn = (rules: any[] | undefined, side: string, other: End) => other.namespace !== undefined
    && (rules ?? []).flatMap(rule => rule[side] ?? []).some(({ podSelector, namespaceSelector }) =>
      absent(podSelector, other.labels) || absent(namespaceSelector, labelsOfNamespace(other.namespace!)));
  return manifests.some(({ metadata: { namespace }, spec }) =>
    (namespace === from.namespace && (absent(spec.podSelector, from.labels) || absentIn(spec.egress, 'to', to)))
    || (namespace === to.namespace && (absent(spec.podSelector, to.labels) || absentIn(spec.ingress, 'from', from))));
}

/** What was compared: a test that compared nothing has shown nothing. */
export class Tally {
  public policySets = 0;
  public left = 0;
  public readonly answers: Record<string, number> = {};

  public get questions(): number {
    return Object.values(this.answers).reduce((sum, n) => sum + n, 0);
  }

  public count(answers: Answer[]) {
    this.policySets++;
    answers.forEach(({ egress, ingress }) => {
      const kind = `egress ${egress}, ingress ${ingress}`;
      this.answers[kind] = (this.answers[kind] ?? 0) + 1;
    });
  }

  public toString(): string {
    const kinds = Object.keys(this.answers).sort().map(kind => `  ${String(this.answers[kind]).padStart(7)} ${kind}\n`);
    return `${this.questions} questions about ${this.policySets} sets of policies (${this.left} left out: NotIn and no such label)\n${kinds.join('')}`;
  }
}

/** The first question that two judges answer differently, in words; undefined when there is none. */
export function disagreement(manifests: any[], questions: Question[], one: Judge, simulator: Judge, tally = new Tally()): string | undefined {
  const asked = questions.filter(question => !turnsOnAbsentLabel(manifests, question));
  tally.left += questions.length - asked.length;
  const theirs = simulator(stored(manifests), asked);
  const own = one(manifests, asked);
  if (own.length !== asked.length) throw new Error(`${own.length} answers to ${asked.length} questions`);
  tally.count(theirs);
  const i = asked.findIndex((_, at) => own[at].egress !== theirs[at].egress || own[at].ingress !== theirs[at].ingress);
  if (i < 0) return undefined;
  const { from, to, port } = asked[i];
  const end = ({ ip, namespace, labels, named }: End) => namespace === undefined ? ip : `${namespace} ${JSON.stringify(labels)} ${ip}, ports ${JSON.stringify(named)}`;
  const answer = ({ egress, ingress }: Answer) => `egress ${egress}, ingress ${ingress}`;
  return [
    `from      ${end(from)}`, `to        ${end(to)}`, `port      ${port.protocol} ${port.number}`,
    `ours      ${answer(own[i])}`, `simulator ${answer(theirs[i])}`,
    'policies', Yaml.stringify(...JSON.parse(JSON.stringify(manifests))),
  ].join('\n');
}

export interface SearchOptions {
  /** How many sets of policies are tried. */
  readonly runs: number;
  readonly seed: number;
  /** Whether the first find will do. Default: it is made as small as it gets. */
  readonly first?: boolean;
}

/**
 * Looks for something generated about which `disagreementOf` says something, and returns what it says of the smallest.
 */
export function search<T>(
  anything: fc.Arbitrary<T>,
  disagreementOf: (one: T, questions: Question[]) => string | undefined,
  options: SearchOptions,
): string | undefined {
  const tell = (one: T, part: number) => disagreementOf(one, partOf(part));
  const property = fc.property(anything, fc.nat(PARTS - 1), (one, part) => tell(one, part) === undefined);
  const { counterexample, seed } = fc.check(property, { numRuns: options.runs, seed: options.seed, endOnFailure: options.first });
  return counterexample === null ? undefined : `${tell(...counterexample)}seed ${seed}\n`;
}
