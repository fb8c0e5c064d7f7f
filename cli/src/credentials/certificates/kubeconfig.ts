import { X509Certificate } from 'crypto';
import { AccessRequests } from 'cdk8s-secure-debug';
import { stringify } from 'yaml';
import { Connection } from '../../connection';
import { refused } from '../../errors';
import { plain } from '../../text';

/** What stands in a context beside what kubectl reads. */
const EXTENSION = () => `${AccessRequests.RIGHTS_GROUP}/certificate`;

/** How a cluster is reached, without anybody's credentials. */
export interface Endpoint {
  readonly server: string;
  /** PEM. */
  readonly authority?: string;
  readonly serverName?: string;
  readonly proxy?: string;
}

/** The endpoint of a connection; one that does not check who answers is refused, for what is made of it would not either. */
export function endpointOf({ server, options }: Connection): Endpoint {
  const { ca, rejectUnauthorized, servername, agent } = options as any;
  if (rejectUnauthorized === false) {
    refused('Your kubeconfig does not check the certificate of the API server (insecure-skip-tls-verify), and what is made of it would not either. Fix: put the certificate authority into the kubeconfig.');
  }
  const proxy = agent?.proxy;
  return {
    server,
    ...ca && { authority: String(ca) },
    ...servername && { serverName: servername },
    ...proxy && { proxy: String(proxy.href ?? proxy) },
  };
}

/** An endpoint as kubeconfigs write it. */
export function clusterEntry({ server, authority, serverName, proxy }: Endpoint): object {
  return {
    server,
    ...authority !== undefined && { 'certificate-authority-data': Buffer.from(authority).toString('base64') },
    ...serverName !== undefined && { 'tls-server-name': serverName },
    ...proxy !== undefined && { 'proxy-url': proxy },
  };
}

/** Whom a certificate names, and until when. */
export interface Holder {
  readonly user: string;
  readonly groups: string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export function holderOf(certificate: X509Certificate): Holder {
  // Of several values Node.js makes a list, and of none undefined.
  const { CN = '', O = [] } = certificate.toLegacyObject().subject as unknown as { CN?: string | string[]; O?: string | string[] };
  return { user: [CN].flat().join(','), groups: [O].flat(), notBefore: new Date(certificate.validFrom), notAfter: new Date(certificate.validTo) };
}

/** One file that has both, beside the kubeconfig. */
export const inFile = (pair: string) => ({ 'client-certificate': pair, 'client-key': pair });
/** In the kubeconfig itself. */
export function inside(pair: string): object {
  const data = Buffer.from(pair).toString('base64');
  return { 'client-certificate-data': data, 'client-key-data': data };
}

/** RFC 3339, whole seconds. */
export function time(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

export interface KubeconfigProps {
  readonly endpoint: Endpoint;
  readonly holder: Holder;
  /** What the context is called, before its end. */
  readonly label: string;
  readonly namespace: string;
  /** How the holder proves it, as a kubeconfig has it. */
  readonly credentials: object;
}

/** A kubeconfig whose context says when it ends. */
export function kubeconfigText({ endpoint, holder, label, namespace, credentials }: KubeconfigProps): string {
  const until = time(holder.notAfter);
  const context = `${label}-until-${until}`;
  const config = {
    'apiVersion': 'v1',
    'kind': 'Config',
    'current-context': context,
    'clusters': [{ name: label, cluster: clusterEntry(endpoint) }],
    'contexts': [{ name: context, context: { cluster: label, user: holder.user, namespace, extensions: [{ name: EXTENSION(), extension: { label, notAfter: until } }] } }],
    'users': [{ name: holder.user, user: credentials }],
  };
  return `# ${plain(holder.user)} by a client certificate, until ${until}. Written by secure-debug cert; ask for the next with secure-debug cert request.\n${stringify(config, { lineWidth: 0 })}`;
}
