import type { ApiObject } from 'cdk8s';
import { JsonPatch } from 'cdk8s';
import type { Construct, IConstruct } from 'constructs';
import { literal } from './cel';
import { ClusterBoundary } from './cluster-boundary';
import { DOMAIN } from './constants';

/** The signer of client certificates for the API server. @see https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers */
export const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';

/** The policy on certificates for people; its annotations are what `secure-debug cert` reads before it asks. */
export const CERTIFICATES_POLICY = 'secure-debug-certificates';
export const CERTIFICATE_TERMS = {
  /** The groups that may have one, one a line. */
  groups: `${DOMAIN}/certificate-groups`,
  /** The longest life in seconds. */
  maxSeconds: `${DOMAIN}/certificate-max-seconds`,
  /** `true` when a certificate may get the next. */
  byCertificate: `${DOMAIN}/certificate-by-certificate`,
} as const;

/** Annotation of a policy: who approves certificates for the API server past it, and nothing else. */
const CERTIFICATE_APPROVER = `${DOMAIN}/certificate-approver`;

interface Approvers {
  user?: string;
  /** Policies on approvals that were made before it was known who approves. */
  readonly policies: Set<ApiObject>;
}

const CLUSTERS = new WeakMap<IConstruct, Approvers>();

function approversOf(scope: Construct): Approvers {
  const cluster = ClusterBoundary.of(scope);
  let found = CLUSTERS.get(cluster);
  if (!found) CLUSTERS.set(cluster, found = { policies: new Set() });
  return found;
}

/** Says who approves certificates for the API server in this cluster; there is one policy, so there is one. */
export function declareApprover(scope: Construct, user: string): void {
  const approvers = approversOf(scope);
  if (approvers.user === user) return;
  approvers.user = user;
  approvers.policies.forEach(policy => letPass(policy, user));
}

/** A policy on approvals lets the approver of its cluster pass, whichever of the two is declared first. */
export function passesApprover(scope: Construct, policy: ApiObject): void {
  const { user, policies } = approversOf(scope);
  if (policies.has(policy)) return;
  policies.add(policy);
  if (user !== undefined) letPass(policy, user);
}

function letPass(policy: ApiObject, user: string): void {
  const approves = `request.resource.resource == 'certificatesigningrequests' && dyn(object).spec.signerName == ${literal(CLIENT_SIGNER)} && request.userInfo.username == ${literal(user)}`;
  policy.addJsonPatch(
    JsonPatch.add('/spec/matchConditions/-', { name: 'no-approver-of-certificates', expression: `!(${approves})` }),
    JsonPatch.add(`/metadata/annotations/${CERTIFICATE_APPROVER.replace(/\//g, '~1')}`, user),
  );
}
