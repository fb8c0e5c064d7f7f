import { GuardrailException } from './guardrail-exception';
import { byCodeUnit } from '../private/canonical';
import { reject } from '../private/errors';

/** Who applies what stands in Git: the ServiceAccounts of a GitOps controller. */
export class GitOpsIdentity {
  /**
   * Argo CD's application controller, which syncs. Not `argocd-server`, which does what people click, such as a restart.
   *
   * @param namespace where Argo CD runs
   * @default argocd
   * @see https://argo-cd.readthedocs.io/en/stable/operator-manual/architecture/
   */
  public static argoCd(namespace?: string): GitOpsIdentity {
    return new GitOpsIdentity('Argo CD', [[namespace ?? 'argocd', 'argocd-application-controller']]);
  }

  /**
   * Flux' kustomize-controller and helm-controller. Where Kustomizations name a ServiceAccount of their own, that one
   * applies: name it too, by `serviceAccount`.
   *
   * @param namespace where Flux runs
   * @default flux-system
   * @see https://fluxcd.io/flux/components/kustomize/kustomizations/#role-based-access-control
   */
  public static flux(namespace?: string): GitOpsIdentity {
    const at = namespace ?? 'flux-system';
    return new GitOpsIdentity('Flux', [[at, 'helm-controller'], [at, 'kustomize-controller']]);
  }

  /** Another ServiceAccount that applies what stands in Git. */
  public static serviceAccount(namespace: string, name: string): GitOpsIdentity {
    return new GitOpsIdentity('GitOps', [[namespace, name]]);
  }

  /** User names as the API server sees them. */
  public readonly userNames: string[];
  /** @internal */
  public readonly _exceptions: GuardrailException[];

  private constructor(what: string, accounts: [namespace: string, name: string][]) {
    this._exceptions = accounts.map(([namespace, name]) => GuardrailException.serviceAccount(namespace, name, `${what} applies what stands in Git`));
    this.userNames = this._exceptions.map(({ name }) => name).sort(byCodeUnit);
  }

  /** E.g. `system:serviceaccount:argocd:argocd-application-controller`. */
  public toString(): string {
    return this.userNames.join(', ');
  }
}

/** What lets the identities pass. */
export function identityExceptions(where: string, identities: GitOpsIdentity[] = []): GuardrailException[] {
  identities.forEach((identity, i) => {
    if (!(identity instanceof GitOpsIdentity)) {
      reject({ where, field: `identities[${i}]`, value: identity, problem: 'is no GitOpsIdentity', fix: 'use GitOpsIdentity.argoCd(), .flux() or .serviceAccount("namespace", "name")' });
    }
  });
  return identities.flatMap(identity => identity._exceptions);
}
