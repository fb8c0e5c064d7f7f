import { AuditLevel, type AuditPolicyEvaluator, AuditStage, type AuditVerdict } from 'cdk8s-secure-debug';
import { DebugRequests } from './debug-requests';
import { asObject, asText, AuditEvent, micros, whoOf } from './event';

/** How much a policy would have written of a log. */
export interface Volume {
  readonly level: AuditLevel;
  readonly events: number;
  readonly bytes: number;
}

export interface RuleUse {
  /** From 0; -1 when no rule matched. */
  readonly rule: number;
  readonly events: number;
  readonly bytes: number;
}

/** Debug requests of a log that a policy would not record as they need to be. */
export interface Lost {
  readonly capability: string;
  /** `create pods/exec` */
  readonly request: string;
  readonly rule: number;
  readonly level: AuditLevel;
  readonly needed: AuditLevel;
  readonly requests: number;
  readonly people: string[];
}

export interface Replayed {
  readonly volumes: Volume[];
  readonly rules: RuleUse[];
  /** Not recorded, or without the outcome. */
  readonly lost: Lost[];
  /** Recorded at too low a level. */
  readonly weaker: Lost[];
  /** Events of which the policy would record a body that this log does not have: so much more is not known. */
  readonly unknownBodies: number;
  /** Stages that the policy would record and the log has none of. */
  readonly unknownStages: string[];
}

/** How one event would be recorded. */
export interface Recorded {
  readonly level: AuditLevel;
  readonly rule: number;
  readonly bytes: number;
}

/** What is decided otherwise by two policies. */
export interface Moved {
  readonly request: string;
  readonly from: AuditLevel;
  readonly to: AuditLevel;
  readonly fromRule: number;
  readonly toRule: number;
  readonly events: number;
  readonly bytes: number;
}

const LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'] as AuditLevel[];
export const atLeast = (level: AuditLevel, wanted: AuditLevel): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(wanted);

/** Part of the control plane, whose requests need not be recorded. */
const COMPONENT = /^system:(apiserver|cloud-controller-manager|kube-controller-manager|kube-proxy|kube-scheduler|node:.+|serviceaccount:kube-system:.+)$/;

/** `create pods/exec`, `get /healthz` */
export function requestText(event: AuditEvent): string {
  const { resource, apiGroup, subresource } = asObject(event.objectRef);
  const named = typeof resource === 'string' && resource !== '';
  return `${asText(event.verb)} ${named ? `${resource}${apiGroup ? `.${apiGroup}` : ''}${subresource ? `/${subresource}` : ''}` : asText(event.requestURI).split('?')[0]}`;
}

/** With its key and a comma. */
const sizeOf = (body: unknown): number => body === undefined ? 0 : Buffer.byteLength(JSON.stringify(body)) + '"responseObject":,'.length;

/** Bodies without managedFields, as `omitManagedFields` leaves them. */
function withoutManagedFields(body: unknown): unknown {
  const { metadata, items, ...rest } = asObject(body);
  if (metadata === undefined && items === undefined) return body;
  const { managedFields, ...kept } = asObject(metadata);
  const inside = Array.isArray(items) ? items.map(withoutManagedFields) : items;
  return { ...rest, ...metadata !== undefined && { metadata: kept }, ...items !== undefined && { items: inside } };
}

/** What one policy makes of a log; memory grows with rules and debug requests, not with the log. */
export class Replay {
  private readonly rules = new Map<number, { level: AuditLevel; events: number; bytes: number }>();
  private readonly found = new Map<string, Lost & { ids: Set<string>; who: Set<string> }>();
  private readonly volume = new Map(LEVELS.map(level => [level, { events: 0, bytes: 0 }]));
  private readonly stages = new Map<string, number>();
  private readonly wantedStages = new Set<string>();
  private unknownBodies = 0;

  private readonly debug = new DebugRequests();

  public constructor(private readonly evaluator: AuditPolicyEvaluator) {}

  /** Takes one event, and says how it would be recorded, and in how many bytes. */
  public take(event: AuditEvent, line: string): Recorded {
    const verdict = this.evaluator.evaluateEvent(event);
    const stage = asText(event.stage);
    this.stages.set(stage, (this.stages.get(stage) ?? 0) + 1);
    const written = verdict.level !== AuditLevel.NONE && !(verdict.omitStages as string[]).includes(stage);
    if (verdict.level !== AuditLevel.NONE) {
      for (const one of Object.values(AuditStage)) if (!verdict.omitStages.includes(one)) this.wantedStages.add(one);
    }
    const bytes = written ? this.bytes(event, line, verdict) : 0;
    const level = written ? verdict.level : AuditLevel.NONE;
    const volume = this.volume.get(level)!;
    volume.events++;
    volume.bytes += bytes;
    const rule = this.rules.get(verdict.ruleIndex) ?? { level: verdict.level, events: 0, bytes: 0 };
    rule.events++;
    rule.bytes += bytes;
    this.rules.set(verdict.ruleIndex, rule);
    this.look(event, verdict);
    return { level, rule: verdict.ruleIndex, bytes };
  }

  public result(): Replayed {
    const found = [...this.found.values()]
      .map(({ ids, who, ...lost }) => ({ ...lost, requests: ids.size, people: [...who].sort() }))
      .sort((a, b) => b.requests - a.requests || (a.request < b.request ? -1 : 1));
    return {
      volumes: [...this.volume].map(([level, { events, bytes }]) => ({ level, events, bytes })),
      rules: [...this.rules].map(([rule, { events, bytes }]) => ({ rule, events, bytes })).sort((a, b) => a.rule - b.rule),
      lost: found.filter(({ level, needed }) => level === AuditLevel.NONE || atLeast(level, needed)),
      weaker: found.filter(({ level, needed }) => level !== AuditLevel.NONE && !atLeast(level, needed)),
      unknownBodies: this.unknownBodies,
      // A panic is rare, so that there is none says nothing.
      unknownStages: [...this.wantedStages].filter(stage => stage !== 'Panic' && !this.stages.has(stage)).sort(),
    };
  }

  private bytes(event: AuditEvent, line: string, { level, omitManagedFields }: AuditVerdict): number {
    const kept = (body: unknown, least: AuditLevel) => {
      if (body === undefined) return 0;
      if (!atLeast(level, least)) return sizeOf(body);
      return omitManagedFields ? Math.max(0, sizeOf(body) - sizeOf(withoutManagedFields(body))) : 0;
    };
    // What has no body yet, or never has one, lacks none.
    if (event.stage !== 'RequestReceived' && !atLeast(asText(event.level) as AuditLevel, level)) this.unknownBodies++;
    return Buffer.byteLength(line) + 1 - kept(event.requestObject, AuditLevel.REQUEST) - kept(event.responseObject, AuditLevel.REQUEST_RESPONSE);
  }

  private look(event: AuditEvent, { level, omitStages, ruleIndex }: AuditVerdict): void {
    const need = this.debug.of(event);
    if (!need || COMPONENT.test(asText(asObject(event.user).username))) return;
    const outcome = !omitStages.includes(AuditStage.RESPONSE_COMPLETE);
    if (atLeast(level, need.level) && outcome) return;
    const request = requestText(event);
    const key = JSON.stringify([need.capability, request, ruleIndex]);
    let lost = this.found.get(key);
    if (!lost) {
      const { capability, level: needed } = need;
      lost = { capability, request, rule: ruleIndex, level, needed, requests: 0, people: [], ids: new Set(), who: new Set() };
      this.found.set(key, lost);
    }
    // A request has several events.
    lost.ids.add(asText(event.auditID));
    lost.who.add(whoOf(event).by);
  }
}

/** Events that two policies record at different levels, by request and rules. */
export class Moves {
  private readonly found = new Map<string, { -readonly [field in keyof Moved]: Moved[field] }>();

  public take(event: AuditEvent, old: Recorded, now: Recorded): void {
    if (old.level === now.level && old.bytes === now.bytes) return;
    // Names of objects stand in paths that are no resources.
    const request = requestText(event).replace(/^(\w+ \/[^/]*).*/, '$1');
    const key = JSON.stringify([request, old.level, now.level, old.rule, now.rule]);
    const moved = this.found.get(key) ?? { request, from: old.level, to: now.level, fromRule: old.rule, toRule: now.rule, events: 0, bytes: 0 };
    moved.events++;
    moved.bytes += now.bytes - old.bytes;
    this.found.set(key, moved);
  }

  public all(): Moved[] {
    return [...this.found.values()].sort((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes) || b.events - a.events || (a.request < b.request ? -1 : 1));
  }
}

/** From when to when the events are, in microseconds. */
export class Span {
  public from = Infinity;
  public to = -Infinity;

  public take(event: AuditEvent): void {
    const at = micros(asText(event.stageTimestamp) || asText(event.requestReceivedTimestamp));
    if (Number.isNaN(at)) return;
    this.from = Math.min(this.from, at);
    this.to = Math.max(this.to, at);
  }

  /** Days, and parts of one. */
  public get days(): number {
    return this.to > this.from ? (this.to - this.from) / 86_400e6 : 0;
  }
}

export const timeOf = (at: number): string | undefined => Number.isFinite(at) ? new Date(at / 1_000).toISOString() : undefined;
