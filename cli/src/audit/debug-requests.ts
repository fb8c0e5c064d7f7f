import { type AuditLevel, DebugCapability } from 'cdk8s-secure-debug';
import { asObject, AuditEvent } from './event';

/** A use of a capability, and at which level it has to be recorded. */
export interface DebugRequest {
  readonly capability: string;
  readonly level: AuditLevel;
}

/** Tells debug requests among the events of a log. Most are none, which is seen by their resource. */
export class DebugRequests {
  private readonly byResource = new Map<string, DebugCapability[]>();

  public constructor() {
    for (const capability of DebugCapability.all()) {
      for (const { resource, subresource } of capability.logPredicates()) {
        const key = `${resource}/${subresource}`;
        this.byResource.set(key, [...this.byResource.get(key) ?? [], capability]);
      }
    }
  }

  public of(event: AuditEvent): DebugRequest | undefined {
    const { resource, subresource } = asObject(event.objectRef);
    // The narrowest is the last: the pod of `kubectl debug node` is a pod that is created, too.
    const capability = this.byResource.get(`${resource}/${subresource ?? ''}`)?.filter(one => one.matchesEvent(event)).at(-1);
    if (!capability) return undefined;
    const at = subresource ? `${resource}/${subresource}` : resource;
    return { capability: capability.id, level: capability.auditRules().find(rule => rule.resource === at)!.level };
  }
}
