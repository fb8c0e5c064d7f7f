import { objectionTo } from './rules';
import { CLIENT_SIGNER } from './signing';
import { POLICY, termsOf } from './terms';
import { OK, refused, REFUSED, wrongUse } from '../../errors';
import { paths } from '../../paths';
import { CommonOptions, Result, Session } from '../../session';
import { duration, plain, seconds } from '../../text';

interface ApproveOptions extends CommonOptions {
  readonly group?: string[];
  readonly max?: string;
  readonly check?: boolean;
}

const LEAST = 600;
const LONGEST = 28_800;
const USUAL = 1_800;

/**
 * Judges a request by the rules of the approver, which reads all of it. Where `CertificateAccess` is, that is all: only the
 * approver approves. Elsewhere it approves what the rules let pass, so that nobody signs a name that they did not read.
 */
export async function approveCertificate(session: Session, name: string, options: ApproveOptions): Promise<Result> {
  const max = options.max === undefined ? USUAL : seconds('--max', options.max);
  if (max < LEAST || max > LONGEST) wrongUse(`--max ${duration(max)} is not from 10m to 8h: a certificate cannot be taken back. Fix: --max 30m.`);
  const bad = options.group?.find(one => one === '' || /^system:/i.test(one));
  if (bad !== undefined) wrongUse(`--group ${plain(bad)} is Kubernetes' own, or empty. Fix: name the groups of people that may have a certificate.`);

  const terms = await termsOf(session);
  if (terms === 'hidden') {
    refused(`Whether this cluster has an approver of its own cannot be seen: you may not get the policy ${POLICY}, or it does not say its terms. Fix: get it read by somebody who may (get validatingadmissionpolicies).`);
  }
  const request = await session.cluster.find(paths.certificateRequests(name));
  if (!request) return refused(`There is no request ${plain(name)}. Fix: kubectl get certificatesigningrequests lists them; they are removed an hour after their decision.`);
  const { spec, status = {} } = request;
  if (spec.signerName !== CLIENT_SIGNER) wrongUse(`${plain(name)} is for the signer ${plain(spec.signerName)}, not for client certificates of people. Fix: leave it to who runs that signer.`);

  const about = { request: name, user: spec.username, seconds: spec.expirationSeconds ?? null };
  const conditions: any[] = status.conditions ?? [];
  const decision = conditions.find(one => ['Approved', 'Denied', 'Failed'].includes(one.type));
  if (decision) {
    const outcome = decision.type.toLowerCase();
    return result({ ...about, outcome, why: decision.message ?? '' }, `${plain(name)} of ${plain(spec.username)} was ${outcome} already: ${plain(decision.message ?? 'without a reason')}.`, decision.type === 'Approved' ? OK : REFUSED);
  }
  if (terms) {
    if (terms.excepts(spec.username)) {
      return result({ ...about, outcome: 'left', why: 'an exception' }, `${plain(spec.username)} is an exception of CertificateAccess: the approver leaves ${plain(name)} alone, and only the exceptions approve it.`, REFUSED);
    }
    const why = objectionTo(request, terms);
    const says = why === undefined ? `will approve it: name and groups are those of ${plain(spec.username)}, for ${spec.expirationSeconds} s` : `will deny it: ${plain(why)}`;
    const outcome = why === undefined ? 'would-be-approved' : 'would-be-denied';
    if (options.check) return result({ ...about, outcome, why: why ?? '' }, `The approver of this cluster ${says}.`, why === undefined ? OK : REFUSED);
    return result({ ...about, outcome, why: why ?? '' }, `Nothing was sent: here only the approver approves (${POLICY}), within seconds, administrators included. It ${says}. Still undecided? See whether its Deployment runs.`, REFUSED);
  }

  if (!options.group) return wrongUse('--group is missing: this cluster has no CertificateAccess that says which groups may have a certificate. Fix: --group oncall-payments, once for each.');
  const why = objectionTo(request, { groups: options.group, maxSeconds: max, byCertificate: false });
  if (why !== undefined) return result({ ...about, outcome: 'refused', why }, `${session.paint('red', 'Not approved')}: ${plain(why)}. To deny it:  ${session.line('kubectl', 'certificate', 'deny', name)}`, REFUSED);
  const me = await session.whoAmI();
  if (me.name === spec.username) return refused(`${plain(name)} is your own request. Fix: somebody else approves it.`);
  if (options.check) return result({ ...about, outcome: 'would-be-approved', why: '' }, `It says no more than who made it: ${plain(spec.username)}, for ${duration(spec.expirationSeconds)}.`, OK);
  const condition = { type: 'Approved', status: 'True', reason: 'SecureDebug', message: `name and groups are those of ${spec.username}, for ${spec.expirationSeconds} s; approved by ${me.name}` };
  await session.cluster.replace(`${paths.certificateRequests(name)}/approval`, { ...request, status: { ...status, conditions: [condition] } });
  return result({ ...about, outcome: 'approved', why: '' }, `${session.paint('green', 'Approved')}: a certificate for ${plain(spec.username)}, for ${duration(spec.expirationSeconds)}.`, OK);
}

function result(data: object, text: string, code: number): Result {
  return { data, text, code };
}
