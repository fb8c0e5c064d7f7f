import search from '@inquirer/search';
import type { Action } from './command';
import { SessionError } from './errors';
import { podsOf, Session } from './sessions';
import { plain } from './text';

/** Lets a person choose a container by typing parts of its name, and a shell in it. */
export async function choose(session: Session): Promise<Action> {
  const shells = session.config.targets.filter(target => target.actions.includes('exec')).map(target => target.namespace);
  const pods = (await podsOf(session)).filter(pod => shells.includes(pod.metadata.namespace) && pod.status?.phase === 'Running');
  const choices = pods.flatMap(pod => pod.spec.containers.map((container: any) => ({
    name: plain(`${pod.metadata.namespace}/${pod.metadata.name}  ${container.name}`),
    value: { namespace: pod.metadata.namespace, pod: pod.metadata.name, container: container.name },
  })));
  if (choices.length === 0) throw new SessionError('There is no running pod that you may see. Fix: ask for access: secure-debug request');
  try {
    const at = await search<any>({
      message: 'Container', source: term => choices.filter(({ name }) => (term ?? '').split(' ').every(part => name.includes(part))),
    }, { input: session.terminal.stdin, output: session.terminal.stdout });
    return { kind: 'exec', at, input: true, command: ['sh'] };
  } catch (error) {
    throw /Prompt/.test((error as Error).name) ? new SessionError('Nothing was chosen.') : error;
  }
}
