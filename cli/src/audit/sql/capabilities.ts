import { DebugCapability } from 'cdk8s-secure-debug';
import { all, any, oneOf, text } from './text';

/** Where the fields of an event are. */
export interface Fields {
  readonly verb: string;
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Who logged in. */
  readonly user: string;
  readonly client: string;
  readonly uri: string;
}

/** Programs that people debug with; what machines use calls itself otherwise. */
export const TOOLS = ['kubectl', 'k9s', 'Lens', 'OpenLens', 'Freelens', 'oc/', 'stern', 'headlamp', 'secure-debug'];

/** The capability of requests that go past the API of pods: not in the model, since nothing may grant it. */
export const NODE_PROXY = 'node-proxy';

/** What of the kubelet one gets by nodes/proxy that is as good as exec, attach, port-forward or logs. */
export const KUBELET_PATHS = ['exec', 'run', 'attach', 'portForward', 'containerLogs', 'cri'];

interface Use {
  readonly id: string;
  readonly condition: string;
}

/**
 * How each use of a capability is told in a log: the predicates of the model. Machines read logs and create pods all the time, so of these
 * only what people do counts: who is no machine, or uses a tool of people.
 */
function uses(fields: Fields): Use[] {
  const person = any(`${fields.user} NOT LIKE 'system:%'`, ...TOOLS.map(tool => `${fields.client} LIKE ${text(`${tool}%`)}`));
  const found = DebugCapability.all().flatMap(capability => capability.logPredicates().map(predicate => {
    const { apiGroup, resource, subresource, verbs, namePrefix } = predicate;
    const everyday = subresource === 'log' || subresource === '';
    return {
      id: capability.id,
      narrow: namePrefix !== undefined,
      condition: all(
        `${fields.resource} = ${text(resource)}`,
        `${fields.subresource} = ${text(subresource)}`,
        `${fields.apiGroup} = ${text(apiGroup)}`,
        oneOf(fields.verb, verbs),
        ...namePrefix === undefined ? [] : [`${fields.name} LIKE ${text(`${namePrefix}%`)}`],
        ...everyday ? [person] : [],
      ),
    };
  }));
  const paths = any(...KUBELET_PATHS.map(path => `${fields.uri} LIKE ${text(`%/proxy/${path}%`)}`));
  const proxy = all(`${fields.resource} = 'nodes'`, `${fields.subresource} = 'proxy'`, any(`${fields.user} NOT LIKE 'system:%'`, paths));
  // What is narrower goes first: a node debugger is a pod too.
  return [...found.filter(({ narrow }) => narrow), ...found.filter(({ narrow }) => !narrow), { id: NODE_PROXY, condition: proxy }];
}

/** The id of the capability that an event uses; null for none. */
export const capabilityOf = (fields: Fields): string => `CASE ${uses(fields).map(({ id, condition }) => `WHEN ${condition} THEN ${text(id)}`).join(' ')} END`;

/** Whether an event uses a capability. */
export const usesCapability = (fields: Fields): string => any(...uses(fields).map(({ condition }) => condition));
