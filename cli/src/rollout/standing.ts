import { existsSync } from 'fs';
import { dirname, join, resolve } from 'path';

/** The phases in their order; `none` is a cluster without any of it. */
export const PHASES = ['none', 'rbac', 'credentials', 'broker'] as const;
export type Phase = typeof PHASES[number];

/** How far a cluster has come, as its objects say. */
export interface Standing {
  readonly phase: Phase;
  /** Namespaces in which somebody is on call. */
  readonly onCall: string[];
  /** Namespaces in which the glass can be broken. */
  readonly breakGlass: string[];
  /** Other Roles that can be asked for, as `namespace/name`. */
  readonly requestable: string[];
  /** Guardrails that advise: those that contain a right refuse from the first. */
  readonly refusing: string[];
  readonly watching: string[];
  /** Client certificates are handed out. */
  readonly certificates: boolean;
  /** The API server is told whose tokens to believe; unknown where its files are not beside the manifests. */
  readonly issuers?: boolean;
}

const PREFIX = 'secure-debug.internal/';
const ADVISING = ['exec-guardrail', 'debug-container-guardrail', 'binding-guardrail', 'gitops-guardrail'];

/** What of the phases is among some objects. */
export function standingOf(objects: any[], issuers?: boolean): Standing {
  const of = (kind: string) => objects.filter(object => object?.kind === kind)
    .map(({ metadata, ...rest }) => ({ ...rest, metadata: metadata ?? {}, labels: metadata?.labels ?? {} }));
  const roles = of('Role');
  const requestable = roles.filter(({ labels }) => labels[`${PREFIX}requestable`] === 'true');
  const isGlass = (name: unknown) => /^break-glass(-|$)/.test(String(name));
  const bindings = of('ValidatingAdmissionPolicyBinding');
  const advising = bindings.filter(({ labels }) => ADVISING.includes(labels[`${PREFIX}component`]));
  const refuses = ({ spec }: any) => spec?.validationActions?.includes('Deny') === true;
  const names = (some: any[]) => sorted(some.map(({ metadata }) => metadata.name));
  const found = {
    onCall: sorted(roles.filter(({ metadata }) => metadata.name === 'oncall-debug').map(({ metadata }) => metadata.namespace)),
    breakGlass: sorted(requestable.filter(({ metadata }) => isGlass(metadata.name)).map(({ metadata }) => metadata.namespace)),
    requestable: sorted(requestable.filter(({ metadata }) => !isGlass(metadata.name)).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)),
    refusing: names(advising.filter(refuses)),
    watching: names(advising.filter(binding => !refuses(binding))),
    certificates: bindings.some(({ metadata }) => metadata.name === 'secure-debug-certificates'),
    issuers,
  };
  return { phase: phaseOf(found), ...found };
}

/** Whether the API server's files, which stand beside a folder of manifests, say whose tokens it believes. */
export function issuersBeside(manifests: string): boolean | undefined {
  const folder = join(dirname(resolve(manifests)), 'control-plane');
  return existsSync(folder) ? existsSync(join(folder, 'authentication-config.yaml')) : undefined;
}

function phaseOf({ onCall, breakGlass, requestable, refusing, certificates, issuers }: Omit<Standing, 'phase'>): Phase {
  if (refusing.length + requestable.length > 0) return 'broker';
  if (certificates || issuers) return 'credentials';
  return onCall.length + breakGlass.length > 0 ? 'rbac' : 'none';
}

const sorted = (names: unknown[]): string[] => [...new Set(names.map(String))].sort();
