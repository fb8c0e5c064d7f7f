import { inWords, Reach, Right } from './rights';
import { Danger } from '../model/capability';
import { STREAMS, VIRTUAL, VIRTUAL_GROUP } from '../model/virtual-rights';
import { byCodeUnit } from '../private/canonical';

interface Held {
  readonly right: Right;
  readonly reach: Reach;
}

/** How a right on a virtual resource is told. */
interface Words {
  /** With names, as it is meant to be granted. Undefined when it is asked for without one. */
  readonly named?: (names: string[]) => string;
  /** Without names. */
  readonly any: string;
  readonly danger: Danger;
}

const own = <T>(of: { readonly [key: string]: T }, key: string): T | undefined => Object.prototype.hasOwnProperty.call(of, key) ? of[key] : undefined;

const listed = (label: string, called: { readonly [name: string]: string } = {}) => (names: string[]): string =>
  `${label}: ${names.map(name => own(called, name) ?? name).join(', ')}`;

function words(): { readonly [resource: string]: { readonly [verb: string]: Words } } {
  const streams = {
    [STREAMS.attach]: 'attach to any container',
    [STREAMS.attachDebugger]: 'attach to debug containers',
    [STREAMS.portForward]: 'port-forward',
    [STREAMS.podProxy]: 'reach pods by proxy',
    [STREAMS.serviceProxy]: 'reach Services by proxy',
  };
  const all: [{ readonly resource: string; readonly verb: string }, Words][] = [
    [VIRTUAL.commandSet, { danger: Danger.HIGH, named: listed('command sets'), any: 'any command set' }],
    [VIRTUAL.stream, { danger: Danger.HIGH, named: listed('streams', streams), any: 'any stream' }],
    [VIRTUAL.debugImage, { danger: Danger.HIGH, named: listed('debug images'), any: 'any debug image' }],
    [VIRTUAL.debugPod, { danger: Danger.CRITICAL, named: listed('debug pods', { copy: 'copies of pods', node: 'on nodes' }), any: 'any debug pod' }],
    [VIRTUAL.emergency, { danger: Danger.HIGH, any: 'change what GitOps owns, in an emergency' }],
    [VIRTUAL.binding, { danger: Danger.CRITICAL, any: 'bind broad roles, in an emergency' }],
    [VIRTUAL.request, { danger: Danger.MEDIUM, named: names => `may request ${names.join(', ')}`, any: 'may request every Role that can be requested' }],
    [VIRTUAL.take, { danger: Danger.MEDIUM, named: names => `has ${names.join(', ')} at once when requested`, any: 'has at once whatever is requested' }],
    [VIRTUAL.approve, { danger: Danger.HIGH, named: names => `may approve ${names.join(', ')}`, any: 'may approve every Role that can be requested' }],
    [VIRTUAL.timer, { danger: Danger.LOW, any: 'start the timers of requests' }],
    [VIRTUAL.administer, { danger: Danger.CRITICAL, any: 'write what governs requests and guardrails' }],
    [VIRTUAL.expire, { danger: Danger.MEDIUM, any: 'end requests and grants' }],
  ];
  const byResource: { [resource: string]: { [verb: string]: Words } } = {};
  for (const [{ resource, verb }, one] of all) (byResource[resource] ??= {})[verb] = one;
  return byResource;
}

function wordsOf({ resource, verb }: Right): Words | undefined {
  return own(own(words(), resource) ?? {}, verb);
}

/** What can go wrong when a right on a virtual resource is in the wrong hands. */
export function virtualDanger(right: Right): Danger {
  return wordsOf(right)?.danger ?? Danger.HIGH;
}

function told({ right, reach: { all, names } }: Held): string | undefined {
  const one = wordsOf(right);
  return all ? one?.any : one?.named?.(names);
}

/** Whether a right is about what guardrails ask for, and about nothing else. */
export const isVirtual = ({ apiGroup }: Right): boolean => apiGroup === VIRTUAL_GROUP;

/**
 * Rights as a person reads them, those of guardrails in words of their own: `command sets: diagnostics`. What no guardrail
 * asks for stays as it is: a wildcard, an unknown verb, or a name where none is asked for.
 */
export function inPlainWords(rights: Held[]): string[] {
  const virtual = rights.filter(({ right }) => isVirtual(right)).map(held => ({ held, text: told(held) }));
  const raw = [...rights.filter(({ right }) => !isVirtual(right)), ...virtual.filter(({ text }) => text === undefined).map(({ held }) => held)];
  return [...inWords(raw), ...virtual.flatMap(({ text }) => text === undefined ? [] : [text]).sort(byCodeUnit)];
}
