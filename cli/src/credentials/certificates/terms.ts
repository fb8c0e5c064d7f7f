import { AccessRequests } from 'cdk8s-secure-debug';
import { ApiError } from '../../cluster';
import { paths } from '../../paths';
import { Session } from '../../session';

/** The policy of `CertificateAccess`, of which there is one in a cluster. */
export const POLICY = 'secure-debug-certificates';

/** For whom a cluster gives certificates, as `CertificateAccess` wrote it on its policy. */
export interface Terms {
  readonly groups: string[];
  readonly maxSeconds: number;
  /** Whether a certificate may get the next. */
  readonly byCertificate: boolean;
  /** Whether the approver leaves the requests of this user alone. */
  readonly excepts: (user: string) => boolean;
}

/** The terms; undefined where there is no `CertificateAccess`, and `hidden` where the caller may not know. */
export async function termsOf({ cluster }: Session): Promise<Terms | undefined | 'hidden'> {
  let policy: any;
  try {
    policy = await cluster.find(paths.policies(POLICY));
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return 'hidden';
    throw error;
  }
  if (!policy) return undefined;
  const annotation = (name: string): string | undefined => policy.metadata.annotations?.[`${AccessRequests.RIGHTS_GROUP}/${name}`];
  const lines = (name: string) => annotation(name)?.split('\n').filter(Boolean) ?? [];
  const groups = lines('certificate-groups');
  const maxSeconds = Number(annotation('certificate-max-seconds'));
  // An older one has the policy without its terms: the API server will say what it does not give.
  if (groups.length === 0 || !Number.isInteger(maxSeconds) || maxSeconds <= 0) return 'hidden';
  const exceptions = lines('exceptions');
  return { groups, maxSeconds, byCertificate: annotation('certificate-by-certificate') === 'true', excepts: user => exceptions.some(line => line.startsWith(`User ${user}: `)) };
}
