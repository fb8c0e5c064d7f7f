import { AuditLevel } from '../model/audit-level';

/** Debug requests that an audit policy does not record as they need to be. */
export interface RecordingGap {
  /** Id of the capability, e.g. `exec`. */
  readonly capability: string;
  /** The verb that is not recorded: of a stream, `get` is a WebSocket and `create` is SPDY. */
  readonly verb: string;
  /** Resource with its subresource, e.g. `pods/exec`. */
  readonly resource: string;
  /** What sends it, e.g. `kubectl exec, kubectl cp (WebSocket)`. */
  readonly client: string;
  /** Whose requests: `people`, `ServiceAccounts`, `group oncall-payments` and so on. */
  readonly callers: string[];
  /** What is needed. */
  readonly needed: AuditLevel;
  /** What the policy records. */
  readonly level: AuditLevel;
  /** Index of the rule that decides, from 0; -1 when none matches. */
  readonly ruleIndex: number;
  /** All of it as a sentence. */
  readonly explanation: string;
}
