import { type AuditRequest, DebugCapability } from 'cdk8s-secure-debug';
import { wrongUse } from '../errors';
import { plain } from '../text';

export interface Caller {
  readonly as?: string;
  readonly asGroup?: string[];
  readonly namespace?: string;
}

/** A request that is asked about, and how it was written. */
export interface Hypothetical {
  readonly text: string;
  readonly request: AuditRequest;
  /** It is a use of this capability. */
  readonly capability?: string;
}

/** `pods`, `pods/exec`, `deployments.apps/scale`. */
const RESOURCE = /^([a-z0-9-]+)(?:\.([a-z0-9.-]+))?(?:\/([a-z0-9-]+))?$/;

const HOW = 'Fix: write VERB RESOURCE [NAME] as in "create pods/exec ledger-0", "patch deployments.apps/scale web" or "get /healthz", or the id of a capability, such as exec.';

/**
 * What `--request` names: a request, or all requests of a capability, whatever the client. Who asks is a person who is logged in, and
 * in no group but that of everybody, unless it is said.
 */
export function requestsOf(texts: string[], { as = 'somebody', asGroup = [], namespace }: Caller): Hypothetical[] {
  const who = { user: as, groups: [...new Set([...asGroup, 'system:authenticated'])] };
  return texts.flatMap((text): Hypothetical[] => {
    const [verb, what, name, ...rest] = text.trim().split(/\s+/);
    const capability = DebugCapability.all().find(({ id }) => id === text.trim());
    if (capability) {
      return capability.logPredicates().flatMap(({ apiGroup, resource, subresource, verbs, namePrefix }) => verbs.map(one => {
        const called = one === 'create' && subresource === '' ? undefined : `${namePrefix ?? ''}some-pod`;
        return { ...found({ verb: one, apiGroup, resource, subresource, name: called, namespace: namespace ?? 'some-namespace', ...who }), capability: capability.id };
      }));
    }
    if (what === undefined || rest.length > 0 || !/^[a-z]+$/.test(verb)) return wrongUse(`--request "${plain(text)}" is no request. ${HOW}`);
    if (what.startsWith('/')) {
      if (name !== undefined) return wrongUse(`--request "${plain(text)}" names a path and an object. ${HOW}`);
      return [found({ verb, path: what, ...who })];
    }
    const [, resource, group, subresource] = RESOURCE.exec(what) ?? wrongUse(`--request "${plain(text)}" names no resource. ${HOW}`);
    const place = { ...name && { name }, ...namespace && { namespace } };
    const request = found({ verb, resource, ...group && { apiGroup: group }, ...subresource && { subresource }, ...place, ...who });
    const event = { verb, objectRef: { apiGroup: group, resource, subresource, name } };
    return [{ ...request, capability: DebugCapability.all().find(one => one.matchesEvent(event))?.id }];
  });
}

function found(request: AuditRequest): Hypothetical {
  const { verb, path, resource, apiGroup, subresource, name } = request;
  const what = path ?? `${resource}${apiGroup ? `.${apiGroup}` : ''}${subresource ? `/${subresource}` : ''}`;
  return { text: [verb, what, ...name ? [name] : []].join(' '), request };
}
