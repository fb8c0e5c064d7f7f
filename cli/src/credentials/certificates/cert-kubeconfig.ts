import { X509Certificate } from 'crypto';
import { join } from 'path';
import { AUTHORITY, checkFolder, drop, folderOf, got, KUBECONFIG, labelOf, makeFolder, PAIR, put, TOKEN } from './folder';
import { fits, heldIn } from './held';
import { endpointOf, holderOf, inFile, kubeconfigText, time } from './kubeconfig';
import { refused, wrongUse } from '../../errors';
import { CommonOptions, Result, Session } from '../../session';
import { duration, plain, word } from '../../text';

interface KubeconfigOptions extends CommonOptions {
  readonly certificate?: string;
  readonly key?: string;
  readonly out?: string;
}

/** Writes the kubeconfig of a certificate anew, for the cluster and namespace of the context, or the first one for files from elsewhere. */
export async function certificateKubeconfig(session: Session, options: KubeconfigOptions): Promise<Result> {
  if ((options.certificate === undefined) !== (options.key === undefined)) wrongUse('--certificate and --key belong together. Fix: give both, or neither for what cert request wrote.');
  const { connection } = session.cluster;
  const endpoint = endpointOf(connection);
  const label = labelOf(connection.context ?? new URL(connection.server).hostname);
  const folder = folderOf(session.io, options.out, label);
  checkFolder(folder);
  const pair = options.certificate === undefined ? kept(folder) : given(options.certificate, options.key!);
  const holder = holderOf(new X509Certificate(pair));
  const left = Math.floor((holder.notAfter.getTime() - Date.now()) / 1_000);
  if (left <= 0) refused(`The certificate ended at ${time(holder.notAfter)}. Fix: secure-debug cert request.`);

  const text = kubeconfigText({ endpoint, holder, label, namespace: session.namespace, credentials: inFile(PAIR) });
  makeFolder(folder);
  put(folder, PAIR, pair, session.io.unique());
  drop(folder, TOKEN);
  if (endpoint.authority !== undefined) put(folder, AUTHORITY, endpoint.authority, session.io.unique());
  put(folder, KUBECONFIG, text, session.io.unique());
  const file = join(folder, KUBECONFIG);
  return {
    data: { kubeconfig: file, folder, user: holder.user, groups: holder.groups, notAfter: time(holder.notAfter), secondsLeft: left },
    text: [
      `${session.paint('green', 'Written')}: ${session.paint('bold', plain(holder.user))} of ${holder.groups.map(plain).join(', ')}, until ${time(holder.notAfter)} (${duration(left)} left).`,
      `  export KUBECONFIG=${word(plain(file))}`,
    ].join('\n'),
  };
}

function kept(folder: string): string {
  const held = heldIn(folder);
  if (held === undefined) return refused(`There is no certificate in ${plain(folder)}. Fix: secure-debug cert request, or name one with --certificate and --key.`);
  if (typeof held === 'string') return refused(`${plain(join(folder, PAIR))}: ${held}. Fix: secure-debug cert request.`);
  if (held.token) return refused(`The key of this certificate is in a token (${plain(held.token.pkcs11)}), and kubectl reads keys from files alone. Fix: secure-debug cert proxy.`);
  if (!held.fits) return refused(`The key in ${plain(join(folder, PAIR))} is not that of its certificate. Fix: secure-debug cert request.`);
  return held.text;
}

function given(certificateFile: string, keyFile: string): string {
  const text = (option: string, file: string) => got(file) ?? wrongUse(`${option} ${plain(file)} is not there. Fix: name a file that you may read.`);
  const key = text('--key', keyFile);
  const [certificates] = /-----BEGIN CERTIFICATE-----[^]*-----END CERTIFICATE-----\n?/.exec(text('--certificate', certificateFile)) ?? wrongUse(`--certificate ${plain(certificateFile)} has no certificate in PEM. Fix: name the file that was issued.`);
  const [privateKey] = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[^]*?-----END \1PRIVATE KEY-----\n?/.exec(key) ?? wrongUse(`--key ${plain(keyFile)} has no private key in PEM. Fix: name the file that its request was made with.`);
  const pair = `${certificates.trimEnd()}\n${privateKey.trimEnd()}\n`;
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(certificates);
  } catch {
    return wrongUse(`--certificate ${plain(certificateFile)} cannot be read. Fix: name the file that was issued.`);
  }
  if (!fits(certificate, pair)) wrongUse(`--key ${plain(keyFile)} is not the key of the certificate, or is encrypted. Fix: name the file that its request was made with.`);
  return pair;
}
