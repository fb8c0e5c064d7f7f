import { KeyObject, X509Certificate } from 'crypto';
import { AccessRequests } from 'cdk8s-secure-debug';
import { refused, wrongUse } from '../errors';
import { paths } from '../paths';
import { checkRecipients, Lock, seal as encrypt } from './age';
import { About, Credential, credentialOf, time } from './credential';
import { asCredential } from './drill';
import { LABEL, Label, labelFile, mayWrite, sha256, writeOwn } from './files';
import { assess, Assessment, Place, some } from './rights';
import { linesOf, newPassphrase } from './secrets';
import { certificateRequest } from '../credentials/certificates/certificate-request';
import { localKey } from '../credentials/certificates/request-key';
import { certificateOf, submit, takeAway } from '../credentials/certificates/signing';
import { requestableRoles } from '../requests/requests';
import { CommonOptions, Result, Session } from '../session';
import { duration, plain, seconds, word } from '../text';

interface SealOptions extends CommonOptions {
  readonly name?: string;
  readonly group?: string;
  readonly for?: string;
  readonly recipient?: string[];
  readonly recipientsFile?: string;
  readonly passphrase?: boolean;
  readonly passphraseFile?: string;
  readonly out?: string;
  readonly force?: boolean;
  /** False by --no-approve: somebody else does. */
  readonly approve?: boolean;
  readonly wait?: string;
  readonly acceptMore?: boolean;
}

const DAY = 86_400;
const LONGEST_DAYS = 90;
/** By how much the signer may cut a certificate short before it is said. */
const SLACK = 600;

/** Makes a credential that can do nothing but break the glass, and writes it sealed. Nothing of it touches the disk in clear. */
export async function seal(session: Session, options: SealOptions): Promise<Result> {
  const name = subject('--name', options.name, 'break-glass-1');
  const group = subject('--group', options.group, 'break-glass-sealed');
  const out = options.out ?? wrongUse('--out is missing. Fix: say where the sealed file goes, e.g. --out break-glass-1.age.');
  const life = seconds('--for', options.for ?? '30d');
  if (life < DAY || life > LONGEST_DAYS * DAY) wrongUse(`--for ${duration(life)} is not from 1d to ${LONGEST_DAYS}d: a certificate cannot be taken back, only run out. Fix: --for 30d, and seal anew each month.`);
  const limit = seconds('--wait', options.wait ?? (options.approve === false ? '10m' : '1m'));
  const force = options.force ?? false;
  for (const file of [out, labelFile(out)]) mayWrite('--out', file, force);
  const lock = await lockOf(session, options);

  const me = await session.whoAmI();
  const places = await placesOf(session, group);
  const others = await elsewhere(session, name, group, places);
  const about: About = { name, group, places, others, accepted: [] };
  const made = localKey('p256');
  const key = made.privateKey;
  const request = await certificateRequest(name, [group], made);
  const certificate = await signed(session, about, request, life, limit, options.approve !== false);
  const first = credentialOf(about, session.cluster.connection, key, certificate);
  fits(certificate, key);
  const { as, assessment } = await asWhat(session, first);
  const more = assessment.more.map(plain);
  if (more.length > 0 && !options.acceptMore) {
    refused(`${as} may do more than ask for break-glass, so a stolen file would be worth more than what is on the record: ${some(more)}. Nothing was written. Fix: give ${group} nothing but BreakGlassAccess (requesters), or add --accept-more for what every user of this cluster may.`);
  }
  const credential = more.length === 0 ? first : credentialOf({ ...about, accepted: assessment.more }, session.cluster.connection, key, certificate);

  const text = await encrypt(credential.kubeconfig, lock);
  const label: Label = {
    ...LABEL,
    name,
    group,
    server: credential.server,
    namespaces: places.map(({ namespace }) => namespace),
    notBefore: time(credential.notBefore),
    notAfter: time(credential.notAfter),
    sealedAt: time(new Date(session.cluster.now)),
    sealedBy: me.name,
    sealedFor: lock.recipients ?? ['passphrase'],
    accepted: credential.accepted,
    sha256: sha256(text),
  };
  writeOwn('--out', out, text, force, session.io.unique());
  writeOwn('--out', labelFile(out), `${JSON.stringify(label, null, 2)}\n`, force, session.io.unique());
  return { data: { file: out, label: labelFile(out), ...label }, text: said(session, out, credential, label, life, assessment) };
}

function said({ paint }: Session, out: string, credential: Credential, label: Label, asked: number, { unsure }: Assessment): string {
  const { name, group, notAfter, notBefore, places } = credential;
  const life = Math.round((notAfter.getTime() - notBefore.getTime()) / 1_000);
  return [
    `${paint('green', 'Sealed')} ${paint('bold', plain(name))} of ${plain(group)} into ${plain(out)}, until ${time(notAfter)}, for ${label.sealedFor.map(plain).join(', ')}.`,
    ...life < asked - SLACK ? [paint('yellow', `The signer gave it ${duration(life)} only: kube-controller-manager has a --cluster-signing-duration.`)] : [],
    `It may ask for ${places.map(({ namespace, roles }) => `${plain(roles.join(', '))} in ${plain(namespace)}`).join('; ')}, and nothing else.`,
    ...label.accepted.length > 0 ? [paint('yellow', `Accepted besides: ${some(label.accepted.map(plain))}.`)] : [],
    ...unsure.map(one => paint('yellow', `Not all can be known: ${plain(one)}.`)),
    `Not secret, and to stay beside it: ${plain(labelFile(out))} (secure-debug break-glass status ${word(plain(out))})`,
    `Now:   secure-debug break-glass drill ${word(plain(out))}, with a key as it will be at 2 AM`,
    `Alarm: any audit event with user.username ${plain(name)}; the drill has to raise it`,
  ].join('\n');
}

/** A user or group that is neither the system's nor ambiguous in a log. */
function subject(option: string, value: string | undefined, example: string): string {
  if (value === undefined) return wrongUse(`${option} is missing. Fix: ${option} ${example}.`);
  if (!/^[a-zA-Z0-9]([-a-zA-Z0-9._]{0,61}[a-zA-Z0-9])?$/.test(value)) {
    wrongUse(`${option} ${plain(value)} is not made of up to 63 letters, digits, "-", "." and "_". Fix: ${option} ${example}.`);
  }
  return value;
}

async function lockOf(session: Session, { recipient = [], recipientsFile, passphrase, passphraseFile }: SealOptions): Promise<Lock> {
  const recipients = [...recipient, ...recipientsFile === undefined ? [] : linesOf('--recipients-file', recipientsFile)];
  const byPassphrase = passphrase || passphraseFile !== undefined;
  if (byPassphrase && recipients.length > 0) wrongUse('--recipient and --passphrase contradict each other: the format of age has the one or the other. Fix: seal two files, under two names.');
  if (byPassphrase) return { passphrase: await newPassphrase(session.io, passphraseFile) };
  if (recipients.length === 0) wrongUse('Nobody could open it. Fix: --recipient age1… for each who may (age-keygen makes a key), or --passphrase.');
  await checkRecipients(recipients);
  return { recipients };
}

/** Where members of the group get an emergency Role at once. */
async function placesOf(session: Session, group: string): Promise<Place[]> {
  const found = new Map<string, string[]>();
  for (const role of await requestableRoles(session, undefined)) {
    const terms = AccessRequests.termsOf(role);
    if (terms && /^break-glass(-|$)/.test(terms.role) && terms.autoApprove.includes(group)) found.set(terms.namespace, [...found.get(terms.namespace) ?? [], terms.role].sort());
  }
  if (found.size === 0) {
    refused(`Members of ${group} get break-glass at once nowhere. Fix: declare new BreakGlassAccess(chart, 'sealed', { namespace: 'payments', requesters: ['${group}'] }), apply it, and seal then.`);
  }
  return [...found].sort(([a], [b]) => a < b ? -1 : 1).map(([namespace, roles]) => ({ namespace, roles }));
}

/** Other namespaces in which it could have rights: everywhere else it has what ClusterRoleBindings give, which shows in any. */
async function elsewhere(session: Session, name: string, group: string, places: Place[]): Promise<string[]> {
  const groups = [group, 'system:authenticated'];
  const named = (one: any) => one.kind === 'User' && one.name === name || one.kind === 'Group' && groups.includes(one.name);
  const bindings = await session.cluster.list(paths.roleBindingsEverywhere());
  const found = bindings.filter(one => (one.subjects ?? []).some(named)).map(one => one.metadata.namespace);
  return [...new Set<string>(['default', 'kube-system', ...found])].filter(one => !places.some(({ namespace }) => namespace === one)).sort();
}

/** Asks for the certificate, approves it or lets somebody, and takes the request away whatever becomes of it. */
async function signed(session: Session, { name, group }: About, request: string, life: number, limit: number, approve: boolean): Promise<string> {
  const { cluster } = session;
  const made = await submit(session, { name: `secure-debug-sealed-${name.toLowerCase().replace(/_/g, '-')}-${session.io.unique()}`, request, seconds: life, usages: ['client auth'] });
  const path = paths.certificateRequests(made.metadata.name);
  try {
    if (approve) {
      session.tell(`Approving, as ${plain((await session.whoAmI()).name)}: a certificate for ${plain(name)} of ${plain(group)}, for ${duration(life)}`);
      const condition = { type: 'Approved', status: 'True', reason: 'SecureDebugSeal', message: `sealed break-glass credential ${name} of group ${group}` };
      await cluster.replace(`${path}/approval`, { ...made, status: { ...made.status, conditions: [condition] } });
    } else {
      session.tell(`Somebody else has to approve it, within ${duration(limit)}. It is for ${plain(name)} of ${plain(group)}, for ${duration(life)}:\n  ${session.line('kubectl', 'certificate', 'approve', made.metadata.name)}`);
    }
    return await certificateOf(session, path, limit, {
      denied: 'Fix: ask who did it; nothing was written.', undecided: `Nobody approved it in ${duration(limit)}. Fix: try again with a longer --wait.`,
    });
  } finally {
    await takeAway(session, made);
  }
}

function fits(certificate: string, key: KeyObject): void {
  if (!new X509Certificate(certificate).checkPrivateKey(key)) refused('The certificate that came is for another key. Fix: see who signs here; nothing was written.');
}

/** Who the credential is to the API server, and what it may; whatever is not as it was meant to be is the end. */
async function asWhat(session: Session, credential: Credential): Promise<{ as: string; assessment: Assessment }> {
  const own = await asCredential(session.io, credential);
  const me = await own.whoAmI();
  const groups = me.groups.filter(one => one !== 'system:authenticated');
  if (me.name !== credential.name || groups.join() !== credential.group) {
    refused(`The API server takes the certificate for ${plain(me.name)} of ${groups.map(plain).join(', ') || 'no group'}, not for ${credential.name} of ${credential.group}. Fix: see what signs and authenticates here; nothing was written.`);
  }
  const assessment = await assess(own, credential.places, credential.others);
  if (assessment.missing.length > 0) {
    refused(`It could not break the glass, for it may not ${assessment.missing.map(plain).join('; ')}. Nothing was written. Fix: apply what BreakGlassAccess emits for ${credential.group}, and seal then.`);
  }
  return { as: `${credential.name} of ${credential.group}`, assessment };
}
