import { objection } from './allow-list';
import { Api } from './api';
import { Action, HELP, PodName } from './command';
import { Config } from './config';
import { handOver } from './credential';
import { refuse, wrongUse } from './errors';
import { forward } from './forward';
import { grantOf } from './grant';
import { choose } from './menu';
import { Person } from './person';
import { Recording } from './recording';
import { isTerminal, join, PROTOCOLS, Terminal } from './streams';
import { plain, plainLines } from './text';

/** What a session works with. */
export interface Session {
  readonly api: Api;
  readonly config: Config;
  readonly person: Person;
  readonly terminal: Terminal;
  readonly recording: Recording;
}

const query = (parameters: string[][]) => new URLSearchParams(parameters as [string, string][]);
const path = ({ namespace, pod }: PodName) => `/api/v1/namespaces/${namespace}/pods/${pod}`;

/** Does what was asked for; gives the exit status. */
export async function act(session: Session, action: Action): Promise<number> {
  judge(session, action);
  switch (action.kind) {
    case 'help': return say(session, HELP);
    // What comes in is recorded nowhere.
    case 'credential':
      if (isTerminal(session.terminal)) wrongUse('A terminal would show the credential. Fix: connect with secure-debug ssh open, which hands it over by a pipe.');
      return handOver(session.person, session.config.ownCredential!.maxSeconds, session.terminal);
    case 'pods': return say(session, await pods(session, action.namespace));
    case 'logs': return logs(session, action);
    case 'exec': return exec(session, action.at, action.input, action.command);
    case 'debug': return debug(session, action);
    case 'forward': return forward(session, action.at, action.port);
    case 'menu': {
      if (!isTerminal(session.terminal)) wrongUse('There is no command, and no terminal for a menu. Fix: ssh -t GATEWAY, or ssh GATEWAY help');
      const chosen = await choose(session);
      session.recording.marker(`chosen: ${chosen.kind}${'at' in chosen ? ` ${chosen.at.namespace}/${chosen.at.pod}` : ''}`);
      const grant = await grantOf(session.api, chosen);
      if (grant !== undefined) session.recording.marker(`grant: ${grant}`);
      return act(session, chosen);
    }
  }
}

/** What the broker's policy does not have is refused before the API server is asked, or remarked while the policy only watches. */
function judge({ config: { allowList }, person, terminal, recording }: Session, action: Action): void {
  if (action.kind !== 'exec' && action.kind !== 'forward') return;
  const tty = isTerminal(terminal);
  const why = objection(allowList, person, action.at, action.kind === 'forward' ? 'port-forward' : { command: action.command, tty, stdin: action.input || tty });
  if (why === undefined) return;
  if (allowList!.deny) refuse(`The gateway's allow-list refused it: ${plain(why)}.`);
  recording.marker(`the allow-list would refuse it: ${plain(why)}`);
}

/** Prints text of ours, recorded as all that is shown. */
function say({ terminal, recording }: Pick<Session, 'terminal' | 'recording'>, text: string): number {
  const line = `${text}\n`;
  recording.output(Buffer.from(line));
  terminal.stdout.write(line);
  return 0;
}

/** The pods of a namespace, or of all of the gateway. */
export async function podsOf({ api, config }: Session, namespace?: string): Promise<any[]> {
  const names = namespace === undefined ? config.targets.map(target => target.namespace) : [namespace];
  const lists = await Promise.allSettled(names.map(name => api.send('GET', `/api/v1/namespaces/${name}/pods?limit=1000`)));
  const seen = lists.flatMap(list => list.status === 'fulfilled' ? list.value.items : []);
  const [refused] = lists.flatMap(list => list.status === 'rejected' ? [list.reason] : []);
  if (refused && lists.every(list => list.status === 'rejected')) throw refused;
  return seen;
}

async function pods(session: Session, namespace?: string): Promise<string> {
  const rows = (await podsOf(session, namespace)).map(pod => [
    `${pod.metadata.namespace}/${pod.metadata.name}`, String(pod.status?.phase ?? ''), pod.spec.containers.map((one: any) => one.name).join(','),
  ].map(plain));
  if (rows.length === 0) return 'There are no pods.';
  const widths = [0, 1].map(column => Math.max(...rows.map(row => row[column].length)));
  return rows.map(([name, phase, containers]) => `${name.padEnd(widths[0])}  ${phase.padEnd(widths[1])}  ${containers}`).join('\n');
}

/** Without -i nothing is sent, as kubectl does it: guardrails may allow a command without input alone. */
async function exec({ api, terminal, recording }: Session, at: PodName, input: boolean, command: string[]): Promise<number> {
  const tty = isTerminal(terminal);
  const asked = query([
    ...command.map(word => ['command', word]), ...at.container === undefined ? [] : [['container', at.container]],
    ['stdin', String(input || tty)], ['stdout', 'true'], ['stderr', String(!tty)], ['tty', String(tty)],
  ]);
  return join(await api.connect(`${path(at)}/exec?${asked}`, PROTOCOLS), terminal, recording, input || tty);
}

async function logs({ api, terminal, recording }: Session, { at, follow, previous, tail }: Extract<Action, { kind: 'logs' }>): Promise<number> {
  const asked = query([
    ...at.container === undefined ? [] : [['container', at.container]], ...tail === undefined ? [] : [['tailLines', String(tail)]],
    ['follow', String(follow)], ['previous', String(previous)],
  ]);
  const response = await api.open('GET', `${path(at)}/log?${asked}`);
  const stop = () => response.destroy();
  recording.onFailure = stop;
  terminal.stdin.on('data', bytes => { if (isTerminal(terminal) && bytes.includes(3)) stop(); });
  terminal.stdout.on('error', stop);
  const tty = isTerminal(terminal);
  for await (const part of response) {
    // An application may have written anything, and a terminal would obey it.
    const bytes = tty ? Buffer.from(plainLines(part.toString('utf8'))) : part;
    recording.output(bytes);
    if (!terminal.stdout.write(bytes) && terminal.stdout.writable) await new Promise<void>(resolve => terminal.stdout.once('drain', resolve).once('error', () => resolve()));
  }
  return 0;
}

/** As kubectl debug does: adds the container, waits for it, attaches. */
async function debug({ api, terminal, recording }: Session, { at, image, input, command }: Extract<Action, { kind: 'debug' }>): Promise<number> {
  if (image === undefined) refuse('The gateway has no image for debug containers. Fix: have debugImages declared for it.');
  const pod = await api.send('GET', path(at));
  const there = (pod.spec.ephemeralContainers ?? []).map((one: any) => one.name);
  const name = ['', ...'bcdefghijklmnopqrstuvwxyz'].map((letter, i) => `debugger-ssh${i ? `-${letter}` : ''}`).find(one => !there.includes(one));
  if (!name) refuse('The pod has too many debug containers. Fix: have it replaced, and debug the new one.');
  const tty = isTerminal(terminal);
  const container = {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    stdin: input || tty,
    tty,
    terminationMessagePolicy: 'File',
    targetContainerName: at.container ?? pod.spec.containers[0].name,
    ...command.length && { command },
  };
  await api.send('PATCH', `${path(at)}/ephemeralcontainers`, { spec: { ephemeralContainers: [container] } }, 'application/strategic-merge-patch+json');
  await started(api, at, name!);
  const asked = query([['container', name!], ['stdin', String(input || tty)], ['stdout', 'true'], ['stderr', String(!tty)], ['tty', String(tty)]]);
  return join(await api.connect(`${path(at)}/attach?${asked}`, PROTOCOLS), terminal, recording, input || tty);
}

const LONGEST_START = 120;

async function started(api: Api, at: PodName, name: string): Promise<void> {
  for (let second = 0; second < LONGEST_START; second++) {
    const { status } = await api.send('GET', path(at));
    const state = status?.ephemeralContainerStatuses?.find((one: any) => one.name === name)?.state ?? {};
    if (state.running) return;
    if (state.terminated) refuse(`The debug container ended at once, with status ${state.terminated.exitCode}. Fix: logs -c ${name} ${at.namespace}/${at.pod}`);
    const reason = state.waiting?.reason ?? '';
    if (/ErrImage|ImagePullBackOff|InvalidImage|CreateContainerError/.test(reason)) refuse(`The debug container cannot start: ${plain(`${reason}: ${state.waiting.message ?? ''}`)}. Fix: use another image.`);
    await new Promise(resolve => setTimeout(resolve, 1_000));
  }
  refuse(`The debug container did not start in ${LONGEST_START} s. Fix: pods shows how the pod is.`);
}
