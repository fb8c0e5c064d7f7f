import { Construct } from 'constructs';
import type { BrokerPolicyProps } from './broker-policy';
import type { BrokerTeam } from './broker-team';
import { below, Findings, Translate } from './findings';
import { AccessRequestPolicy } from '../access/access-request-policy';
import { BreakGlassAccess } from '../access/break-glass-access';
import { JustInTimeAccess } from '../access/just-in-time-access';
import { OnCallDebugAccess } from '../access/oncall-debug-access';
import { DebugContainerAccess } from '../guardrails/container-access';
import { DebugContainerGuardrail } from '../guardrails/debug-container-guardrail';
import { AttachScope, ExecAccess } from '../guardrails/exec-access';
import { ExecGuardrail } from '../guardrails/exec-guardrail';
import { TeamChart } from '../model/team-chart';
import { byCodeUnit } from '../private/canonical';
import { namespaceName } from '../private/validate';

/** What the policy does not say, for it is about the app that declares it. */
interface ComposeOptions {
  /** Only to find what is wrong: what is the same in every namespace of a team is declared in one of them. */
  readonly probe?: boolean;
  readonly chartPerTeam?: boolean;
  readonly teamScope?: Construct;
  readonly policyElsewhere?: boolean;
  readonly execGuardrailName?: string;
  readonly debugContainerGuardrailName?: string;
}

/** What a policy becomes. */
export interface Parts {
  accessRequestPolicy?: AccessRequestPolicy;
  execGuardrail?: ExecGuardrail;
  debugContainerGuardrail?: DebugContainerGuardrail;
  readonly onCall: OnCallDebugAccess[];
  readonly requests: JustInTimeAccess[];
  readonly breakGlass: BreakGlassAccess[];
}

/** Declares everything that a policy says; whatever is refused is found, at its place in the policy. */
export function compose(scope: Construct, props: BrokerPolicyProps, options: ComposeOptions, findings: Findings): Parts {
  const parts: Parts = { onCall: [], requests: [], breakGlass: [] };
  const { teams, commandSets, debugImages, exceptions, mode, podSecurityLevel, requireTarget } = props;
  const guarded = {
    namespaces: teams.flatMap(({ namespaces }) => namespaces),
    allowSystemNamespaces: teams.some(({ allowSystemNamespaces }) => allowSystemNamespaces),
    exceptions,
    mode,
  };
  const renamed = below([], { images: ['debugImages'], level: ['podSecurityLevel'] });
  const ofGuardrail: Translate = (path, value) => {
    if (path[0] !== 'namespaces') return renamed(path, value);
    const i = teams.findIndex(({ namespaces }) => namespaces.includes(value as string));
    return i < 0 ? ['teams'] : ['teams', i, 'namespaces', teams[i].namespaces.indexOf(value as string)];
  };

  if (!options.policyElsewhere && teams.some(({ requests, breakGlass }) => requests || breakGlass)) {
    parts.accessRequestPolicy = findings.attempt(below([]), () => new AccessRequestPolicy(scope, 'access-requests'));
  }
  if (commandSets) {
    parts.execGuardrail = findings.attempt(ofGuardrail, () => new ExecGuardrail(scope, 'exec', { ...guarded, commandSets, name: options.execGuardrailName }));
  }
  if (debugImages) {
    parts.debugContainerGuardrail = findings.attempt(ofGuardrail, () => new DebugContainerGuardrail(scope, 'debug-containers', {
      ...guarded, images: debugImages, level: podSecurityLevel, requireTarget, name: options.debugContainerGuardrailName,
    }));
  }
  // Teams come by name, whatever their order in the policy; what is refused is told by its place there.
  const sorted = teams.map((team, i) => ({ team, i })).sort((a, b) => byCodeUnit(a.team.name, b.team.name));
  for (const { team, i } of sorted) {
    const inChart = options.chartPerTeam || options.teamScope !== undefined;
    const at = inChart ? new TeamChart(options.teamScope ?? scope, `team-${team.name}`) : new Construct(scope, `team-${team.name}`);
    // Before the policies are there, requesters could bind what they may only ask for: cdk8s numbers the files by this.
    if (inChart && !options.teamScope && parts.accessRequestPolicy) at.node.addDependency(parts.accessRequestPolicy);
    new TeamComposer(at, team, ['teams', i], findings, parts, options).compose({ exec: commandSets !== undefined, containers: debugImages !== undefined });
  }
  return parts;
}

class TeamComposer {
  private readonly where: { readonly namespaces: string[]; readonly allowSystemNamespaces?: boolean };

  public constructor(
    private readonly scope: Construct,
    private readonly team: BrokerTeam,
    private readonly path: (string | number)[],
    private readonly findings: Findings,
    private readonly parts: Parts,
    private readonly options: ComposeOptions,
  ) {
    const { namespaces, allowSystemNamespaces } = team;
    this.where = { namespaces: options.probe ? namespaces.slice(0, 1) : namespaces, allowSystemNamespaces };
    if (!options.probe) return;
    namespaces.forEach((namespace, j) => {
      findings.attempt(() => [...path, 'namespaces', j], () => namespaceName('BrokerPolicy', 'namespaces', namespace, allowSystemNamespaces));
    });
  }

  /** @param guarded which guardrails there are */
  public compose(guarded: { readonly exec: boolean; readonly containers: boolean }): void {
    const { onCall, requests = [], breakGlass } = this.team;
    if (onCall) this.onCall(onCall, guarded);
    requests.map((request, j) => ({ request, j })).sort((a, b) => byCodeUnit(a.request.profile ?? '', b.request.profile ?? '')).forEach(({ request, j }) => {
      const { capabilities, ...rest } = request;
      const at = [...this.path, 'requests', j];
      this.keep(this.parts.requests, this.ofAccess(at), () => new JustInTimeAccess(this.scope, request.profile === undefined ? 'request' : `request-${request.profile}`, {
        ...this.where, capabilities, requests: { ...rest, policyElsewhere: this.options.policyElsewhere },
      }));
    });
    if (breakGlass) {
      const at = [...this.path, 'breakGlass'];
      this.keep(this.parts.breakGlass, this.ofAccess(at), () => new BreakGlassAccess(this.scope, 'break-glass', {
        ...breakGlass, ...this.where, policyElsewhere: this.options.policyElsewhere,
      }));
    }
  }

  /** Rights on pods, and what of them the guardrails let through. */
  private onCall(groups: string[], guarded: { readonly exec: boolean; readonly containers: boolean }): void {
    const { capabilities, resourceNames, commandSets, debugImages, portForward, proxy, copies, nodes } = this.team;
    const attach = this.team.attach ?? (debugImages ? AttachScope.DEBUG_CONTAINERS : AttachScope.NONE);
    const translate = below(this.path, { groups: ['onCall'], images: ['debugImages'] });
    const who = { ...this.where, groups };
    this.keep(this.parts.onCall, translate, () => new OnCallDebugAccess(this.scope, 'on-call', { ...who, capabilities, resourceNames }));
    if (guarded.exec && (commandSets || attach !== AttachScope.NONE || portForward || proxy)) {
      this.findings.attempt(translate, () => new ExecAccess(this.scope, 'exec', { ...who, commandSets, attach, portForward, proxy }));
    }
    if (guarded.containers && (debugImages || copies || nodes)) {
      this.findings.attempt(translate, () => new DebugContainerAccess(this.scope, 'debug-containers', { ...who, images: debugImages, copies, nodes }));
    }
  }

  /** Where a field of JustInTimeAccess or BreakGlassAccess stands; the namespaces are the team's. */
  private ofAccess(at: (string | number)[]): Translate {
    return ([first, ...rest]) => {
      if (first === 'namespaces' || first === 'allowSystemNamespaces') return [...this.path, first, ...rest];
      return first === 'requests' ? [...at, ...rest] : [...at, first, ...rest];
    };
  }

  private keep<T>(list: T[], translate: Translate, make: () => T): void {
    const made = this.findings.attempt(translate, make);
    if (made !== undefined) list.push(made);
  }
}
