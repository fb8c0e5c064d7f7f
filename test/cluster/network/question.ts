import { NetworkPort, NetworkReachability, ReachabilitySide, ReachabilityVerdict } from '../../../src';
import { endpointOf, portOf } from '../../network/declarations';
import { End, NAMESPACES, Port } from '../../network/universe';

/** May this end connect to that port of the other? */
export interface Question {
  readonly from: End;
  readonly to: End;
  readonly port: Port;
}

/** One side of a connection: open because no policy governs it, or what the policies that do say. */
export type Side = 'open' | 'allowed' | 'denied';

export interface Answer {
  readonly egress: Side;
  readonly ingress: Side;
}

/** Answers questions about policies, in their order. */
export type Judge = (manifests: any[], questions: Question[]) => Answer[];

/** What a pod calls one of its ports. */
export function nameOf({ named }: End, port: Port): string | undefined {
  return Object.keys(named).find(name => named[name].protocol === port.protocol && named[name].number === port.number);
}

/** The labels that the API server shows of a namespace. */
export function labelsOfNamespace(name: string): Record<string, string> {
  return { ...NAMESPACES[name], 'kubernetes.io/metadata.name': name };
}

/** Anything of ours that answers: NetworkReachability, or a fence. */
export interface Reachable {
  reachable: NetworkReachability['reachable'];
}

const NAMED: Record<string, (name: string) => NetworkPort> = { TCP: NetworkPort.tcpNamed, UDP: NetworkPort.udpNamed, SCTP: NetworkPort.sctpNamed };

/** Our answers. A port that has a name is asked about by name too. */
export function answersOf(reachable: Reachable, questions: Question[]): Answer[] {
  return questions.map(({ from, to, port }) => {
    const name = nameOf(to, port);
    const [answer, byName] = [portOf(port), ...name === undefined ? [] : [NAMED[port.protocol](name)]]
      .map(asked => answerOf(reachable.reachable(endpointOf(from), endpointOf(to), asked)));
    if (byName && (byName.egress !== answer.egress || byName.ingress !== answer.ingress)) throw new Error(`${port.protocol} ${port.number} and its name ${name} are answered differently`);
    return answer;
  });
}

function answerOf({ allowed, egress, ingress }: ReachabilityVerdict): Answer {
  if (allowed !== (egress.allowed && ingress.allowed)) throw new Error('a verdict contradicts its sides');
  const sideOf = (side: ReachabilitySide): Side => !side.isolated ? 'open' : side.allowed ? 'allowed' : 'denied';
  return { egress: sideOf(egress), ingress: sideOf(ingress) };
}

/** Our answers under policies as manifests. */
export const ours: Judge = (manifests, questions) => answersOf(NetworkReachability.fromManifests(manifests), questions);
