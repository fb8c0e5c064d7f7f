import { X509Certificate } from 'crypto';
import { join } from 'path';
import { certificateRequest } from './certificate-request';
import { AUTHORITY, checkFolder, drop, folderOf, KUBECONFIG, labelOf, makeFolder, PAIR, put, TOKEN } from './folder';
import { contextIn, heldIn, InToken } from './held';
import { endpointOf, Endpoint, Holder, holderOf, inFile, inside, KubeconfigProps, kubeconfigText, time } from './kubeconfig';
import { byHand } from './other-clients';
import { tokenPin } from './pin';
import { readPkcs11Uri, TokenKeyUri } from './pkcs11-uri';
import { LocalKey, localKey, RequestKey } from './request-key';
import { certificateOf, submit, takeAway } from './signing';
import { Terms, termsOf } from './terms';
import { tokenKey } from './token-key';
import { ApiError } from '../../cluster';
import { refused, wrongUse } from '../../errors';
import { paths } from '../../paths';
import { CommonOptions, Me, Result, Session } from '../../session';
import { duration, plain, seconds, word } from '../../text';

interface RequestOptions extends CommonOptions {
  readonly for?: string;
  readonly group?: string[];
  readonly key?: string;
  readonly pkcs11?: string;
  readonly pinFile?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly wait?: string;
}

/** The least that Kubernetes signs for. */
const LEAST = 600;
const USUAL = 1_800;
/** By how much the signer may cut a certificate short before it is said. */
const SLACK = 60;
const DEFAULT_WAIT = 60;

/**
 * Gets a client certificate for the caller. The key is made here and is in memory alone until its certificate has come, or never
 * leaves its token: whatever ends this before, nothing is left that is worth anything.
 */
export async function requestCertificate(session: Session, options: RequestOptions): Promise<Result> {
  const asked = options.for === undefined ? undefined : seconds('--for', options.for);
  if (asked !== undefined && asked < LEAST) wrongUse(`--for ${duration(asked)} is less than Kubernetes signs for. Fix: --for 10m, or longer.`);
  const limit = options.wait === undefined ? DEFAULT_WAIT : seconds('--wait', options.wait);
  const curve = options.key ?? 'p256';
  if (curve !== 'p256' && curve !== 'ed25519') wrongUse(`--key ${plain(curve)} is no kind of key that is made here. Fix: --key p256 or --key ed25519; for one in a token --pkcs11 URI.`);
  if (options.pkcs11 !== undefined && options.key !== undefined) wrongUse('--key and --pkcs11 contradict each other: the key in a token is there already. Fix: give one.');
  if (options.pinFile !== undefined && options.pkcs11 === undefined) wrongUse('--pin-file is for the key of a token. Fix: add --pkcs11 URI, or leave it out.');
  const uri = options.pkcs11 === undefined ? undefined : readPkcs11Uri(options.pkcs11, session.io.env);
  const { connection } = session.cluster;
  const endpoint = endpointOf(connection);
  const label = labelOf(connection.context ?? new URL(connection.server).hostname);
  const folder = folderOf(session.io, options.out, label);
  checkFolder(folder);
  maySupersede(folder, endpoint, options.force ?? false);

  const me = await session.whoAmI();
  const terms = await termsOf(session);
  if (connection.options.cert && !(terms && terms !== 'hidden' && terms.byCertificate)) {
    refused('You come with a certificate, and one that gets the next would never end. Fix: name the kubeconfig that you log in with: --kubeconfig FILE, or --context NAME.');
  }
  const life = lifeOf(terms, asked);
  const groups = groupsOf(me, terms, options.group);

  const key = uri ? await tokenKey(session.io, uri, () => tokenPin(session.io, uri, options.pinFile)) : localKey(curve as 'p256' | 'ed25519');
  const certificate = await issued(session, await certificateRequest(me.name, groups, key), life, limit, terms !== undefined);
  const holder = meant(certificate, key, me.name, groups);
  const { namespace } = session;
  if (uri) return inToken(session, { folder, certificate, endpoint, holder, uri, label, asked: life });

  const pair = certificate + (key as LocalKey).privateKey.export({ type: 'pkcs8', format: 'pem' });
  await asHolder(session, { endpoint, holder, label, namespace, credentials: inside(pair) });
  const text = kubeconfigText({ endpoint, holder, label, namespace, credentials: inFile(PAIR) });
  makeFolder(folder);
  put(folder, PAIR, pair, session.io.unique());
  drop(folder, TOKEN);
  putAuthority(session, folder, endpoint);
  put(folder, KUBECONFIG, text, session.io.unique());
  return answer(session, folder, holder, life, [
    `  export KUBECONFIG=${word(plain(join(folder, KUBECONFIG)))}`,
  ], { kubeconfig: join(folder, KUBECONFIG), key: 'file' });
}

interface Signed {
  readonly folder: string;
  readonly certificate: string;
  readonly endpoint: Endpoint;
  readonly holder: Holder;
  readonly uri: TokenKeyUri;
  readonly label: string;
  readonly asked: number;
}

function inToken(session: Session, { folder, certificate, endpoint, holder, uri, label, asked }: Signed): Result {
  const { server, serverName, proxy } = endpoint;
  const about: InToken = { pkcs11: uri.text, server, serverName, proxy, label, namespace: session.namespace };
  makeFolder(folder);
  put(folder, PAIR, certificate, session.io.unique());
  put(folder, TOKEN, `${JSON.stringify(about, null, 2)}\n`, session.io.unique());
  drop(folder, KUBECONFIG);
  putAuthority(session, folder, endpoint);
  return answer(session, folder, holder, asked, [
    'The key stays in its token. kubectl, which reads keys from files alone, gets there by a proxy on this machine; curl by itself:',
    `  secure-debug cert proxy --out ${word(plain(folder))}`,
    ...byHand(folder, endpoint, uri).map(line => `  ${line}`),
  ], { kubeconfig: null, key: uri.text });
}

function answer(session: Session, folder: string, holder: Holder, asked: number, next: string[], more: object): Result {
  const { user, groups, notAfter } = holder;
  const left = Math.floor((notAfter.getTime() - Date.parse(session.cluster.now)) / 1_000);
  return {
    data: { user, groups, notAfter: time(notAfter), secondsLeft: left, folder, ...more },
    text: [
      `${session.paint('green', 'A certificate')} for ${session.paint('bold', plain(user))} of ${groups.map(plain).join(', ')}, until ${time(notAfter)} (${duration(left)} left).`,
      ...left < asked - SLACK ? [session.paint('yellow', `The signer gave less than the ${duration(asked)} that were asked for: kube-controller-manager has a --cluster-signing-duration.`)] : [],
      ...next,
      `Nobody can take it back. Done sooner?  rm -r ${word(plain(folder))}`,
    ].join('\n'),
  };
}

function putAuthority(session: Session, folder: string, { authority }: Endpoint): void {
  if (authority !== undefined) put(folder, AUTHORITY, authority, session.io.unique());
}

/** A certificate that is still good for another cluster is not written over by chance. */
function maySupersede(folder: string, { server }: Endpoint, force: boolean): void {
  const held = heldIn(folder);
  if (held === undefined || force) return;
  if (typeof held === 'string') return wrongUse(`${plain(join(folder, PAIR))} is there, but ${held}. Fix: name another folder with --out, or add --force.`);
  const other = held.token?.server ?? contextIn(folder)?.server;
  if (other !== undefined && other !== server) {
    wrongUse(`${plain(folder)} has a certificate for ${plain(other)}, and this is for ${plain(server)}. Fix: name another folder with --out, or add --force.`);
  }
}

/** How long: what is asked for, else half an hour or as long as the cluster gives. */
function lifeOf(terms: Terms | undefined | 'hidden', asked: number | undefined): number {
  if (terms === undefined || terms === 'hidden') return asked ?? USUAL;
  if (asked !== undefined && asked > terms.maxSeconds) {
    wrongUse(`--for ${duration(asked)} is longer than this cluster gives one for, ${duration(terms.maxSeconds)}. Fix: --for ${duration(terms.maxSeconds).replace(/ /g, '')}, or leave it out.`);
  }
  return asked ?? Math.min(USUAL, terms.maxSeconds);
}

/** The groups in the certificate: those named, else all of the caller's that may have one. */
function groupsOf({ name, groups: all }: Me, terms: Terms | undefined | 'hidden', wanted: string[] | undefined): string[] {
  if (/^system:/i.test(name)) refused(`You are ${plain(name)}, and certificates are for people. Fix: log in as yourself.`);
  const own = all.filter(one => !/^system:/i.test(one)).sort();
  const known = terms !== undefined && terms !== 'hidden' ? terms : undefined;
  const given = known ? own.filter(one => known.groups.includes(one)) : own;
  const shown = (list: string[]) => list.map(plain).join(', ') || 'none';
  if (given.length === 0) {
    refused(known
      ? `${plain(name)} is in no group that may have a certificate here: those are ${shown(known.groups)}; yours are ${shown(own)}. Fix: ask to be put into one, at the identity provider.`
      : `${plain(name)} is in no group, so a certificate would give nothing. Fix: log in so that the API server sees your groups; secure-debug status shows them.`);
  }
  for (const one of wanted ?? []) {
    if (!own.includes(one)) wrongUse(`--group ${plain(one)} is none of yours. Fix: choose among ${shown(given)}.`);
    if (!given.includes(one)) wrongUse(`--group ${plain(one)} may not have a certificate here. Fix: choose among ${shown(given)}.`);
  }
  return wanted === undefined ? given : [...new Set(wanted)].sort();
}

async function issued(session: Session, request: string, life: number, limit: number, guarded: boolean): Promise<string> {
  const made = await handedIn(session, request, life);
  const { name } = made.metadata;
  if (guarded) session.tell(`Waiting for the approver to decide about ${plain(name)}, at most ${duration(limit)}`);
  else session.tell(`Somebody has to approve ${plain(name)}, within ${duration(limit)}:\n  ${session.line('secure-debug', 'cert', 'approve', name, '--group', 'GROUP')}`);
  try {
    return await certificateOf(session, paths.certificateRequests(name), limit, {
      denied: 'Fix: name with --group only groups of yours that may have one; nothing was written.',
      undecided: guarded
        ? `Nobody decided about ${plain(name)} in ${duration(limit)}. Fix: see whether the approver runs (the Deployment of CertificateAccess); nothing was written.`
        : `Nobody approved ${plain(name)} in ${duration(limit)}. Fix: try again with a longer --wait; nothing was written.`,
    });
  } finally {
    // Where CertificateAccess is, requests are the record of who got what, and nobody of its groups may delete them.
    if (!guarded) await takeAway(session, made);
  }
}

/** Who may not even ask is in none of the groups, which they may not read then either. */
async function handedIn(session: Session, request: string, life: number): Promise<any> {
  try {
    return await submit(session, { name: `secure-debug-cert-${session.io.unique()}`, request, seconds: life, usages: ['client auth', 'digital signature'] });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403 || !/cannot create resource "certificatesigningrequests"/.test(error.detail)) throw error;
    const { name, groups } = await session.whoAmI();
    const own = groups.filter(one => !/^system:/i.test(one)).map(plain).join(', ') || 'none';
    return refused(`${plain(name)} may not ask for a certificate here; your groups are ${own}. Fix: ask for one of yours to be named in CertificateAccess, or to be put into one that is.`);
  }
}

/** Checks that what came is what was meant. */
function meant(text: string, key: RequestKey, user: string, groups: string[]): Holder {
  const certificate = new X509Certificate(text);
  const spki = (one: { export(options: { type: 'spki'; format: 'der' }): Buffer }) => one.export({ type: 'spki', format: 'der' });
  if (!spki(certificate.publicKey as any).equals(spki(key.publicKey as any))) refused('The certificate that came is for another key. Fix: see who signs here; nothing was written.');
  const holder = holderOf(certificate);
  if (holder.user !== user || holder.groups.slice().sort().join('\n') !== groups.join('\n')) {
    refused(`The certificate that came is for ${plain(holder.user)} of ${holder.groups.map(plain).join(', ')}. Fix: see who signs here; nothing was written.`);
  }
  return holder;
}

/** Asks the API server who the certificate is, before it is written. */
async function asHolder({ io }: Session, props: KubeconfigProps): Promise<void> {
  const text = kubeconfigText(props);
  const own = await Session.open({ ...io, connect: () => io.connect({ text }) }, { json: true });
  const { name, groups } = await own.whoAmI();
  const { holder } = props;
  if (name !== holder.user || groups.filter(one => one !== 'system:authenticated').sort().join('\n') !== holder.groups.slice().sort().join('\n')) {
    refused(`The API server takes the certificate for ${plain(name)} of ${groups.map(plain).join(', ')}. Fix: see who signs and authenticates here; nothing was written.`);
  }
}
