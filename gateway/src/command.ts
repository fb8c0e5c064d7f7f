import { parseArgs } from 'util';
import { split } from 'shlex';
import { Config, Target } from './config';
import { wrongUse } from './errors';
import { plain } from './text';

/** A pod, as it is named in a command. */
export interface PodName {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
}

/** What a person wants. */
export type Action =
  | { readonly kind: 'menu' }
  | { readonly kind: 'help' }
  | { readonly kind: 'credential' }
  | { readonly kind: 'pods'; readonly namespace?: string }
  | { readonly kind: 'logs'; readonly at: PodName; readonly follow: boolean; readonly previous: boolean; readonly tail?: number }
  | { readonly kind: 'exec'; readonly at: PodName; readonly input: boolean; readonly command: string[] }
  | { readonly kind: 'debug'; readonly at: PodName; readonly input: boolean; readonly image?: string; readonly command: string[] }
  | { readonly kind: 'forward'; readonly at: PodName; readonly port: number };

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const POD = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

export const HELP = [
  'pods [NAMESPACE]                                     the pods that you may see',
  'logs [-f] [-p] [--tail N] [-c NAME] NAMESPACE/POD    the log of a container',
  'exec [-i] [-c NAME] NAMESPACE/POD -- COMMAND [ARG...]',
  '                                                     run a command in a container; -i: with standard input',
  'debug [-i] [-c NAME] [--image IMAGE] NAMESPACE/POD [-- COMMAND [ARG...]]',
  '                                                     run a debug container',
  'forward NAMESPACE/POD PORT                           connect standard input and output to a port',
  '(nothing)                                            choose a pod from a menu',
  'With ssh -t there is a terminal, and input.',
].join('\n');

/** As kubectl has them; whether there is a terminal is for ssh -t to say. */
const STREAM = { stdin: { type: 'boolean', short: 'i' }, tty: { type: 'boolean', short: 't' } } as const;

/** Reads the command that came with `ssh GATEWAY COMMAND`; words are divided as a shell does, and nothing in them is expanded. */
export function parseCommand(config: Config, text: string | undefined): Action {
  if (text === undefined || text.trim() === '') return { kind: 'menu' };
  if (/[\0-\x08\x0b-\x1f\x7f]/.test(text)) wrongUse('The command contains control characters. Fix: write it as plain text; put bytes into standard input.');
  const [name, ...words] = divide(text);
  const end = words.indexOf('--');
  const before = end < 0 ? words : words.slice(0, end);
  const rest = end < 0 ? [] : words.slice(end + 1);
  switch (name) {
    case 'help': return { kind: 'help' };
    case 'credential': {
      if (!config.ownCredential) wrongUse('The gateway asks in your name by itself, and takes no credential. Fix: leave credential out.');
      if (words.length > 0) wrongUse('credential takes no words: what is in a command is in the recording. Fix: connect with secure-debug ssh open.');
      return { kind: 'credential' };
    }
    case 'pods': {
      const { positionals } = read(before, {});
      if (positionals.length > 1 || rest.length > 0) wrongUse('pods takes one namespace at most. Fix: pods payments');
      return { kind: 'pods', namespace: positionals[0] === undefined ? undefined : target(config, positionals[0]).namespace };
    }
    case 'logs': {
      const { values, positionals } = read(before, {
        container: { type: 'string', short: 'c' }, follow: { type: 'boolean', short: 'f' }, previous: { type: 'boolean', short: 'p' }, tail: { type: 'string' },
      });
      if (values.tail !== undefined && !/^\d{1,6}$/.test(String(values.tail))) wrongUse(`--tail ${plain(String(values.tail))} is no number of lines. Fix: --tail 100`);
      return {
        kind: 'logs',
        at: podName(config, 'logs', positionals, values.container),
        follow: values.follow === true,
        previous: values.previous === true,
        ...values.tail !== undefined && { tail: Number(values.tail) },
      };
    }
    case 'exec': {
      const { values, positionals } = read(before, { ...STREAM, container: { type: 'string', short: 'c' } });
      if (rest.length === 0) wrongUse('exec needs a command after "--". Fix: exec payments/ledger-0 -- ps aux');
      return { kind: 'exec', at: podName(config, 'exec', positionals, values.container), input: values.stdin === true, command: rest };
    }
    case 'debug': {
      const { values, positionals } = read(before, { ...STREAM, container: { type: 'string', short: 'c' }, image: { type: 'string' } });
      const image = values.image as string | undefined;
      if (image !== undefined && !config.debugImages.includes(image)) {
        wrongUse(`The image ${plain(image)} is none of the gateway's. Fix: use one of: ${config.debugImages.join(', ') || '(there are none)'}.`);
      }
      return { kind: 'debug', at: podName(config, 'debug', positionals, values.container), input: values.stdin === true, image: image ?? config.debugImages[0], command: rest };
    }
    case 'forward': {
      const { positionals } = read(before, {});
      const [pod, port, ...more] = positionals;
      if (port === undefined || more.length > 0 || rest.length > 0) wrongUse('forward takes a pod and a port. Fix: forward payments/ledger-0 8080');
      const at = podName(config, 'forward', [pod], undefined);
      const { ports } = target(config, at.namespace);
      if (!/^\d{1,5}$/.test(port) || !ports.includes(Number(port))) {
        wrongUse(`The port ${plain(port)} is not granted in ${at.namespace}. Fix: use one of: ${ports.join(', ') || '(there are none)'}.`);
      }
      return { kind: 'forward', at, port: Number(port) };
    }
    default:
      return wrongUse(`${plain(name ?? '')} is no command of the gateway. Fix: use one of pods, logs, exec, debug, forward; help shows how.`);
  }
}

function divide(text: string): string[] {
  try {
    return split(text);
  } catch {
    return wrongUse('A quotation mark in the command is never closed. Fix: quote the command for the gateway too: ssh GATEWAY \'exec payments/ledger-0 -- sh -c "ps aux"\'');
  }
}

function read(args: string[], options: { [name: string]: { type: 'string' | 'boolean'; short?: string } }) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: true });
  } catch (error) {
    return wrongUse(`${plain((error as Error).message.split('\n')[0].replace(/\.? To specify.*$/, '').replace(/\.$/, ''))}. Fix: help shows the commands.`);
  }
}

function target(config: Config, namespace: string): Target {
  const found = config.targets.find(one => one.namespace === namespace);
  return found ?? wrongUse(`The namespace ${plain(namespace)} is not reached through this gateway. Fix: use one of: ${config.targets.map(one => one.namespace).join(', ')}.`);
}

/** `NAMESPACE/POD`, within what the gateway was declared for. */
function podName(config: Config, action: string, positionals: string[], container: unknown): PodName {
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) wrongUse(`${action} takes one pod${more.length ? '; a command comes after "--"' : ''}. Fix: ${action} payments/ledger-0`);
  const [namespace, pod = '', ...rest] = name.split('/');
  if (rest.length > 0 || !LABEL.test(namespace) || !POD.test(pod)) wrongUse(`${plain(name)} is no NAMESPACE/POD. Fix: write e.g. payments/ledger-0.`);
  if (container !== undefined && !LABEL.test(String(container))) wrongUse(`-c ${plain(String(container))} is no container's name. Fix: pods lists them.`);
  if (!target(config, namespace).actions.includes(action)) {
    wrongUse(`${action} is not granted in ${namespace} through this gateway. Fix: use one of: ${target(config, namespace).actions.join(', ')}.`);
  }
  return { namespace, pod, ...container !== undefined && { container: String(container) } };
}
