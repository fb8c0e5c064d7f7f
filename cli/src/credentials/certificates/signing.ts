import { ApiError } from '../../cluster';
import { refused } from '../../errors';
import { paths } from '../../paths';
import { Session } from '../../session';
import { duration, plain } from '../../text';

/** The signer of client certificates for the API server. */
export const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';

const EVERY = 1_000;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME = 200;

interface Wanted {
  readonly name: string;
  /** PKCS#10, PEM. */
  readonly request: string;
  readonly seconds: number;
  readonly usages: string[];
}

/** Hands a request in, and returns it as the API server took it. */
export function submit({ cluster }: Session, { name, request, seconds, usages }: Wanted): Promise<any> {
  return cluster.create(paths.certificateRequests(), {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { request: Buffer.from(request).toString('base64'), signerName: CLIENT_SIGNER, expirationSeconds: seconds, usages },
  });
}

/** How the two ends are told that are no certificate. */
interface Words {
  /** After `The certificate was denied: WHY.` */
  readonly denied: string;
  /** When nobody decided. */
  readonly undecided: string;
}

/** Waits until a request is signed, and returns the certificate, PEM. */
export async function certificateOf(session: Session, path: string, limit: number, words: Words): Promise<string> {
  const begin = Date.now();
  for (let waited = 0, frame = 0; ; waited += EVERY) {
    const { status } = await session.cluster.get(path);
    const conditions: any[] = status?.conditions ?? [];
    const no = conditions.find(one => ['Denied', 'Failed'].includes(one.type));
    const approved = conditions.some(one => one.type === 'Approved');
    if (status?.certificate || no || waited >= limit * 1_000) session.progress('');
    if (status?.certificate) return Buffer.from(status.certificate, 'base64').toString('utf8');
    if (no) {
      const why = plain(String(no.message || no.reason || 'no reason is given')).replace(/^denied: /, '').replace(/[.\s]+$/, '');
      refused(`The certificate was ${no.type === 'Denied' ? 'denied' : 'not signed'}: ${why}. ${words.denied}`);
    }
    if (waited >= limit * 1_000) {
      refused(approved
        ? `No certificate came in ${duration(limit)}. Fix: see whether kube-controller-manager runs and signs for ${CLIENT_SIGNER}; some managed clusters sign no client certificates.`
        : words.undecided);
    }
    if (!session.io.stderr.isTTY) {
      await session.io.sleep(EVERY);
      continue;
    }
    for (let shown = 0; shown < EVERY; shown += FRAME) {
      const what = approved ? 'approved; waiting for the signature' : 'waiting for the approval';
      session.progress(`${SPINNER[frame++ % SPINNER.length]} ${what}, ${duration((Date.now() - begin) / 1_000)}`);
      await session.io.sleep(FRAME);
    }
  }
}

/** Takes a request away; says so when that is not possible. */
export async function takeAway(session: Session, { metadata: { name, uid } }: any): Promise<void> {
  await session.cluster.delete(paths.certificateRequests(name), uid).catch(error => {
    if (!(error instanceof ApiError) || error.status !== 404) session.tell(`The request ${plain(name)} could not be removed; it is of no use without the key, and goes by itself.`);
  });
}
