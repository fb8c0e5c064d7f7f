import { AccessRequests } from 'cdk8s-secure-debug';
import { canary, Tried } from './canary';
import { ApiError } from '../cluster';
import { OK, refused, REFUSED, wrongUse } from '../errors';
import { paths } from '../paths';
import { CommonOptions, Result, Session } from '../session';
import { plain, plural } from '../text';

interface SwitchOptions extends CommonOptions {
  readonly reason?: string;
  readonly mode?: string;
  readonly includingRequests?: boolean;
}

const OURS = 'app.kubernetes.io/managed-by=cdk8s-secure-debug';
const PREFIX = 'secure-debug-';
/** Rights to bind a Role and to create Jobs are held only by these policies: without them they are everybody's. */
const CONTAINING = 'access-request-policy';

const annotation = (name: string) => `${AccessRequests.RIGHTS_GROUP}/${name}`;
const component = () => annotation('component');
/** The actions that a binding had before it was turned off, and why it was. */
const formerActions = () => annotation('actions-before-off');
const offReason = () => annotation('off-reason');

interface Guardrail {
  readonly name: string;
  /** Undefined when only a binding is left. */
  readonly policy?: any;
  readonly bindings: any[];
}

/** Which policies there are, what they do, and whether they decide. */
export async function guardrailStatus(session: Session, names: string[], _: CommonOptions): Promise<Result> {
  const all = await guardrails(session);
  const found = chosen(all, names);
  const decides = await canary(session, found.map(tried));
  const states = found.map(one => ({
    name: one.name,
    present: one.policy !== undefined,
    actions: [...new Set<string>(one.bindings.flatMap(binding => binding.spec?.validationActions ?? []))],
    off: one.bindings.some(isOff),
    offReason: one.bindings.filter(isOff).map(binding => binding.metadata.annotations?.[offReason()]).find(Boolean) ?? null,
    typeWarnings: (one.policy?.status?.typeChecking?.expressionWarnings ?? []).map((warning: any) => `${warning.fieldRef}: ${warning.warning}`),
    canary: decides[one.name],
  }));
  const broken = states.some(state => !state.present || state.actions.length === 0 || state.off || state.typeWarnings.length > 0 || state.canary.outcome === 'lets-pass');
  const unguarded = await requestsUnguarded(session, all.map(tried));
  const text = [
    ...states.length === 0 ? ['This cluster has no guardrails of cdk8s-secure-debug.'] : [],
    ...states.map(state => {
      const actions = state.actions.join(', ') || 'NOT BOUND: decides nothing';
      const what = !state.present ? session.paint('red', 'POLICY MISSING: its binding decides nothing') : state.off ? session.paint('red', `OFF (${actions})`) : actions;
      return [
        `${session.paint('bold', plain(state.name))}: ${what}; ${plain(state.canary.detail)}`,
        ...state.offReason ? [`  turned off: ${plain(state.offReason)}`] : [],
        ...state.typeWarnings.map((warning: string) => `  type checking: ${plain(warning)}`),
      ].join('\n');
    }),
    ...unguarded ? [session.paint('red', unguarded)] : [],
  ].join('\n');
  return { data: { guardrails: states, problems: unguarded ? [unguarded] : [] }, text, code: broken || unguarded ? REFUSED : OK };
}

/** Lets everything pass, and only records what would have been refused; remembers what the bindings did before. */
export async function guardrailsOff(session: Session, names: string[], options: SwitchOptions): Promise<Result> {
  const reason = why(options.reason);
  const actions = off(options.mode);
  const all = chosen(await guardrails(session), names);
  const spared = options.includingRequests ? [] : all.filter(contains);
  if (spared.length > 0 && names.length > 0) {
    wrongUse(`${spared.map(({ name }) => name).join(', ')} contain rights that people hold: without them a requester may bind that Role to anybody, and create any Job. Fix: leave them on, or add --including-requests and take the RBAC of requesters and approvers away first.`);
  }
  const meant = all.filter(one => !spared.includes(one));
  if (meant.length === 0) refused('There is no guardrail to turn off. Fix: secure-debug guardrails status lists them.');
  const me = await session.whoAmI();
  session.tell(session.paint('red', `TURNING OFF ${plural(meant.length, 'guardrail')}, as ${plain(me.name)}: ${plain(reason)}`));
  const changed = await each(meant, async binding => {
    if (isOff(binding)) return false;
    await session.cluster.patch(paths.policyBindings(binding.metadata.name), {
      metadata: {
        resourceVersion: binding.metadata.resourceVersion,
        annotations: { [formerActions()]: (binding.spec?.validationActions ?? []).join(','), [offReason()]: `${me.name}: ${reason}` },
      },
      spec: { validationActions: actions },
    });
    return true;
  });
  return answer(session, meant, changed, [
    ...meant.map(({ name }) => `${session.paint('red', 'OFF')}: ${plain(name)} refuses nothing now (${actions.join(', ')})`),
    ...spared.length > 0 ? [`Left on: ${spared.map(({ name }) => plain(name)).join(', ')} (they contain rights that people hold; --including-requests turns them off too)`] : [],
    gitOps(meant),
    `Turn on again:  ${session.line('secure-debug', 'guardrails', 'on', '--reason', 'REASON')}`,
  ]);
}

/** Gives the bindings back what they did before. */
export async function guardrailsOn(session: Session, names: string[], options: SwitchOptions): Promise<Result> {
  const reason = why(options.reason);
  const all = chosen(await guardrails(session), names);
  const wanted = options.mode === undefined ? undefined : on(options.mode);
  if (wanted !== undefined && names.length === 0) wrongUse('--mode changes what was declared, so it wants names. Fix: secure-debug guardrails on NAME --mode deny --reason REASON.');
  if (wanted !== undefined && !wanted.includes('Deny') && all.some(contains)) {
    wrongUse('Policies of access requests contain rights that people hold, and refuse or are worth nothing. Fix: use --mode deny for them, or guardrails off --including-requests.');
  }
  session.tell(`Turning on, as ${plain((await session.whoAmI()).name)}: ${plain(reason)}`);
  const changed = await each(all, async binding => {
    const former = binding.metadata.annotations?.[formerActions()];
    const actions = wanted ?? former?.split(',').filter(Boolean);
    if (actions === undefined || actions.length === 0) return false;
    await session.cluster.patch(paths.policyBindings(binding.metadata.name), {
      metadata: { resourceVersion: binding.metadata.resourceVersion, annotations: { [formerActions()]: null, [offReason()]: null } },
      spec: { validationActions: actions },
    });
    return true;
  });
  return answer(session, all, changed, [
    ...changed.map(name => `${session.paint('green', 'ON')}: ${plain(name)}`),
    ...changed.length === 0 ? ['Nothing was off.'] : ['It takes a moment until every API server decides so; secure-debug guardrails status shows it.'],
  ]);
}

function answer(_: Session, meant: Guardrail[], changed: string[], lines: string[]): Result {
  return { data: { guardrails: meant.map(({ name }) => name), changed }, text: lines.join('\n') };
}

async function each(all: Guardrail[], act: (binding: any) => Promise<boolean>): Promise<string[]> {
  const changed: string[] = [];
  for (const one of all) {
    for (const binding of one.bindings) {
      if (await act(binding)) changed.push(one.name);
    }
  }
  return changed;
}

async function guardrails(session: Session): Promise<Guardrail[]> {
  const [policies, bindings] = await Promise.all([
    session.cluster.list(paths.policies(), { labelSelector: OURS }),
    session.cluster.list(paths.policyBindings(), { labelSelector: OURS }),
  ]);
  const names = new Set<string>([...policies.map(one => one.metadata.name), ...bindings.map(one => one.spec.policyName)]);
  return [...names].sort().map(name => ({
    name,
    policy: policies.find(one => one.metadata.name === name),
    bindings: bindings.filter(one => one.spec.policyName === name),
  }));
}

/** Those named, in full or without the prefix; all without names. */
function chosen(all: Guardrail[], names: string[]): Guardrail[] {
  if (names.length === 0) return all;
  return names.map(name => all.find(one => one.name === name || one.name === `${PREFIX}${name}`)
    ?? wrongUse(`There is no guardrail ${name}. Fix: ${all.length ? `choose from: ${all.map(one => one.name).join(', ')}` : 'this cluster has none'}.`));
}

function contains({ policy, bindings }: Guardrail): boolean {
  return [policy, ...bindings].some(object => object?.metadata?.labels?.[component()] === CONTAINING);
}

function tried({ name, policy, bindings }: Guardrail): Tried {
  const names = bindings.flatMap(binding => (binding.spec?.matchResources?.namespaceSelector?.matchExpressions ?? [])
    .flatMap((one: any) => one.key === 'kubernetes.io/metadata.name' && one.operator === 'In' ? one.values ?? [] : []));
  return {
    name,
    component: policy?.metadata.labels?.[component()] ?? '',
    resources: (policy?.spec?.matchConstraints?.resourceRules ?? []).flatMap((rule: any) => rule.resources ?? []),
    byTerms: policy?.spec?.paramKind?.kind === 'Role',
    namespaces: names,
    denies: policy !== undefined && bindings.some(binding => binding.spec?.validationActions?.includes('Deny')),
  };
}

function isOff(binding: any): boolean {
  const former: string | undefined = binding.metadata.annotations?.[formerActions()];
  // A GitOps controller that applies it again gives back what it does, and leaves the annotations of others.
  return former !== undefined && [...binding.spec?.validationActions ?? []].sort().join() !== former.split(',').sort().join();
}

/** What follows from who manages the bindings. */
function gitOps(meant: Guardrail[]): string {
  const signs = JSON.stringify(meant.flatMap(one => one.bindings.map(({ metadata }) => [
    Object.keys(metadata.labels ?? {}), Object.keys(metadata.annotations ?? {}), (metadata.managedFields ?? []).map((entry: any) => entry.manager),
  ])));
  const by = /argocd/i.test(signs) ? 'Argo CD manages them' : /toolkit\.fluxcd\.io|kustomize-controller|helm-controller/.test(signs) ? 'Flux manages them' : 'If GitOps manages them';
  return `${by}: with self-healing it turns them on again within minutes, from Git. To keep them off, suspend it there, or change the mode in Git.`;
}

/** Roles that can be requested, in a cluster without the policies that hold requests to their terms. */
async function requestsUnguarded(session: Session, present: Tried[]): Promise<string | undefined> {
  const ofRequests = present.filter(one => one.component === CONTAINING);
  const parts: [string, (one: Tried) => boolean][] = [
    ['requests', one => one.byTerms],
    ['timers', one => one.resources.includes('jobs')],
    ['terms', one => one.resources.includes('roles')],
  ];
  const missing = parts.filter(([, is]) => !ofRequests.some(is)).map(([name]) => `${PREFIX}${name}`);
  if (missing.length === 0) return undefined;
  try {
    const roles = await session.cluster.list(paths.rolesEverywhere(), { labelSelector: `${AccessRequests.REQUESTABLE_LABEL}=true` });
    if (roles.length === 0) return undefined;
    const places = [...new Set(roles.map(role => role.metadata.namespace))].join(', ');
    return `DANGER: Roles can be requested in ${places}, and ${missing.join(', ')} is not there to hold requests to their terms.`;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
}

function why(reason: string | undefined): string {
  const text = reason?.trim() ?? '';
  if (!text) wrongUse('--reason is missing: it goes into the audit log with your name. Fix: --reason "INC-1: exec guardrail blocks the recovery".');
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text) || text.length > 500) wrongUse('--reason has line ends, control characters, or more than 500 characters. Fix: write one line.');
  return text;
}

function off(mode = 'audit'): string[] {
  const actions: { [mode: string]: string[] } = { audit: ['Audit'], warn: ['Warn', 'Audit'] };
  return actions[mode.toLowerCase()] ?? wrongUse(`--mode ${mode} turns nothing off. Fix: use audit (the default) or warn.`);
}

function on(mode: string): string[] {
  const actions: { [mode: string]: string[] } = { audit: ['Audit'], warn: ['Warn', 'Audit'], deny: ['Deny', 'Audit'] };
  return actions[mode.toLowerCase()] ?? wrongUse(`--mode ${mode} is none. Fix: use deny, warn or audit; without it each does again what it did before.`);
}
