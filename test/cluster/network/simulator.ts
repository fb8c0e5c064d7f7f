import { spawnSync } from 'child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { homedir, tmpdir } from 'os';
import { join } from 'path';
import { Answer, Judge, labelsOfNamespace, nameOf, Question, Side } from './question';
import { End } from '../../network/universe';

/** Cyclonus, which answers reachability under NetworkPolicies apart from any cluster, and shares no code with us. */
export interface Simulator {
  /** The program. */
  readonly program?: string;
  /** Why there is none. */
  readonly missing?: string;
}

const CONTROL_PLANE = join(__dirname, '..', 'control-plane');

/** The simulator in the cache (lib.sh says where that is); built if it is not there. */
export function theSimulator(): Simulator {
  const [, version] = /^cyclonus\s+(\S+)/m.exec(readFileSync(join(CONTROL_PLANE, 'versions.txt'), 'utf8'))!;
  const { CDK8S_SECURE_DEBUG_CACHE, XDG_CACHE_HOME } = process.env;
  const cache = CDK8S_SECURE_DEBUG_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'cdk8s-secure-debug');
  const program = join(cache, 'cyclonus', version, 'cyclonus');
  if (!existsSync(program)) {
    const { status } = spawnSync(join(CONTROL_PLANE, 'build.sh'), ['cyclonus'], { stdio: ['ignore', 'inherit', 'inherit'] });
    if (status === 2) return { missing: 'this host cannot build cyclonus: it wants Linux and Go' };
    if (status !== 0) throw new Error(`build.sh cyclonus ended with ${status}; what it printed says why`);
  }
  return { program };
}

/** How cyclonus is run. */
export interface SimulatorOptions {
  /** Whether it rewrites the policies into fewer rules first. Default: no. */
  readonly simplify?: boolean;
}

/** Puts all questions to one run of cyclonus. What makes it fail is an error. */
export function judgeOf({ program }: Simulator, { simplify = false }: SimulatorOptions = {}): Judge {
  return (manifests, questions) => {
    const folder = mkdtempSync(join(tmpdir(), 'secure-debug-simulator-'));
    try {
      const [policies, traffic] = ['policies.json', 'traffic.json'].map(name => join(folder, name));
      writeFileSync(policies, JSON.stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicyList', items: manifests }));
      writeFileSync(traffic, JSON.stringify(questions.map(trafficOf)));
      const args = ['analyze', '--mode', 'query-traffic', `--simplify-policies=${simplify}`, '--policy-path', policies, '--traffic-path', traffic];
      const { status, stdout, stderr, error } = spawnSync(program!, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
      if (error) throw error;
      if (status !== 0) throw new Error(`cyclonus ended with ${status}: ${stderr}`);
      const answers = stdout.split('Is traffic allowed?').slice(1).map(answerOf);
      if (answers.length !== questions.length) throw new Error(`cyclonus gave ${answers.length} answers to ${questions.length} questions`);
      return answers;
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

function trafficOf({ from, to, port }: Question) {
  const peer = (end: End) => ({
    IP: end.ip,
    ...end.namespace !== undefined && {
      Internal: { Namespace: end.namespace, NamespaceLabels: labelsOfNamespace(end.namespace), PodLabels: end.labels },
    },
  });
  return { Source: peer(from), Destination: peer(to), ResolvedPort: port.number, ResolvedPortName: nameOf(to, port) ?? '', Protocol: port.protocol };
}

/**
 * Its answer is a table of the policies that apply: direction, Allow or Deny, and which. A cell that equals the one
 * above is left empty.
 */
function answerOf(table: string): Answer {
  const rows = table.split('\n').filter(line => line.startsWith('|')).map(line => line.split('|').slice(1, 3).map(cell => cell.trim()));
  const seen: Record<string, Set<string>> = { Ingress: new Set(), Egress: new Set() };
  let direction = '';
  for (const [type, action] of rows) {
    direction = type || direction;
    if (action) seen[direction]?.add(action);
  }
  const sideOf = (actions: Set<string>): Side => actions.size === 0 ? 'open' : actions.has('Allow') ? 'allowed' : 'denied';
  const answer = { egress: sideOf(seen.Egress), ingress: sideOf(seen.Ingress) };
  const verdict = rows.find(([title]) => title === 'IS ALLOWED?')?.[1];
  const allowed = answer.egress !== 'denied' && answer.ingress !== 'denied';
  if (verdict !== String(allowed).toUpperCase()) throw new Error(`cyclonus gave an answer that cannot be read:${table}`);
  return answer;
}
