import { AccessRequests } from 'cdk8s-secure-debug';
import { Query } from '../cluster';
import { CommandError, refused } from '../errors';
import { Io } from '../io';
import { paths } from '../paths';
import { isOpen, standing, termsOf, until } from '../requests/requests';
import { Session } from '../session';
import { duration, plain } from '../text';
import { Credential, time } from './credential';
import { assess, some } from './rights';

/** One thing that was looked at. */
export interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** All rights that it should not have. */
  readonly rights?: string[];
}

interface DrillTerms {
  /** Seconds that have to be left. */
  readonly left: number;
  readonly ticket: string;
}

/** Longer than any emergency Role needs to be tried, shorter than any allows. */
const SECONDS = 600;
/** No timer has it; the dry run needs an owner that is well-formed. */
const NO_UID = '00000000-0000-0000-0000-000000000000';

const DRY: Query = { dryRun: 'All' };

/** A session as the credential. */
export function asCredential(io: Io, { kubeconfig }: Credential): Promise<Session> {
  return Session.open({ ...io, connect: () => io.connect({ text: kubeconfig }) }, {});
}

/** Uses an opened credential as at 2 AM, without effect. What fails is a check that is not ok, never an exception. */
export async function drill(io: Io, credential: Credential, { left, ticket }: DrillTerms): Promise<Check[]> {
  const { name, group, places, others, accepted, notAfter } = credential;
  const checks: Check[] = [];
  const add = (check: string, ok: boolean, detail: string, rights?: string[]) => checks.push({ check, ok, detail, ...rights && { rights } });
  const attempt = async (check: string, act: () => Promise<[boolean, string, string[]?]>): Promise<boolean> => {
    try {
      const [ok, detail, rights] = await act();
      add(check, ok, detail, rights);
      return ok;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      add(check, false, error.message);
      return false;
    }
  };

  let session: Session;
  const known = await attempt('who', async () => {
    session = await asCredential(io, credential);
    const me = await session.whoAmI();
    const groups = me.groups.filter(one => one !== 'system:authenticated');
    return me.name === name && groups.join() === group
      ? [true, `${credential.server} knows it as ${name} of ${group}`] : [false, `${credential.server} knows it as ${me.name} of ${groups.join(', ') || 'no group'}, and it was sealed as ${name} of ${group}`];
  });
  // By the clock of the API server, where it answers.
  const now = Date.parse(known ? session!.cluster.now : new Date().toISOString());
  const remains = Math.floor((notAfter.getTime() - now) / 1_000);
  add('certificate', remains >= left, remains <= 0
    ? `it ended at ${time(notAfter)}. Fix: seal a new one`
    : `it ends at ${time(notAfter)}, in ${duration(remains)}${remains >= left ? '' : `, which is less than ${duration(left)}. Fix: seal a new one`}`);
  if (!known) return checks;

  await attempt('rights', async () => {
    const { missing, more, unsure } = await assess(session, places, others);
    const beyond = more.filter(one => !accepted.includes(one));
    const said = [
      ...missing.length > 0 ? [`it may not ${some(missing)}. Fix: apply what BreakGlassAccess emits for ${group}`] : [],
      ...beyond.length > 0 ? [`it may do more than ask for break-glass: ${some(beyond)}. Fix: if none of its grants is running, take these rights from ${group}`] : [],
      ...unsure.length > 0 ? [`not all can be known: ${unsure.join('; ')}`] : [],
    ];
    return [missing.length === 0 && beyond.length === 0, said.join('; ') || 'it may ask for break-glass, and nothing else', beyond.length > 0 ? beyond : undefined];
  });
  for (const { namespace, roles } of places) {
    for (const role of roles) {
      await attempt(`${role} in ${namespace}`, async () => {
        return [true, await tried(session, namespace, role, credential, ticket)];
      });
    }
  }
  return checks;
}

/** The request as `secure-debug request` makes it, decided by RBAC and every policy, and not stored. */
async function tried(session: Session, namespace: string, role: string, { name, group }: Credential, ticket: string): Promise<string> {
  const { cluster, io } = session;
  const path = paths.roleBindings(namespace, AccessRequests.nameOf(role, name));
  const former = standing(session, await cluster.find(path));
  if (former && isOpen(former)) {
    return refused(`it is in use, until ${until(former)}, because: ${plain(former.request.reason)}. Fix: see who uses it; drill when that is over`);
  }
  const terms = await termsOf(session, namespace, role);
  const seconds = Math.min(SECONDS, AccessRequests.maxSecondsFor(terms, [group]));
  const timer = AccessRequests.timer(namespace, seconds, io.unique());
  const made = await cluster.create(paths.jobs(namespace), timer, DRY);
  if (former) {
    await cluster.delete(path, former.request.uid, DRY);
    return 'a former one is in its place, which could be removed; with it there, the rest cannot be tried without effect';
  }
  const expiresAt = time(new Date(Date.parse(made.metadata.creationTimestamp) + seconds * 1_000));
  const request = AccessRequests.manifest({
    namespace, role, requestedBy: name, reason: 'drill of the sealed credential, without effect', ticket, expiresAt, timer: timer.metadata.name, timerUid: NO_UID, granted: true,
  });
  await cluster.create(paths.roleBindings(namespace), request, DRY);
  return 'would be granted at once (tried without effect)';
}
