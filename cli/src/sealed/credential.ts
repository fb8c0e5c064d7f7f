import { KeyObject, X509Certificate } from 'crypto';
import { AccessRequests } from 'cdk8s-secure-debug';
import { Connection } from '../connection';
import { clusterEntry, endpointOf } from '../credentials/certificates/kubeconfig';
import { refused } from '../errors';
import { Place } from './rights';

/** What stands in the context of the kubeconfig beside what kubectl reads. */
const EXTENSION = `${AccessRequests.RIGHTS_GROUP}/sealed`;

/** What a sealed file is about. */
export interface About {
  readonly name: string;
  readonly group: string;
  /** Where its holder may break the glass. */
  readonly places: Place[];
  /** Other namespaces in which a RoleBinding names the user, the group or everybody; a drill looks there too. */
  readonly others: string[];
  /** Rights besides requests that were seen and accepted when it was sealed. */
  readonly accepted: string[];
}

/** An opened credential. */
export interface Credential extends About {
  /** As kubectl reads it: JSON is YAML. */
  readonly kubeconfig: string;
  readonly server: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** The kubeconfig of a certificate, for the cluster that a connection leads to. */
export function credentialOf(about: About, connection: Connection, key: KeyObject, certificate: string): Credential {
  const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');
  const { namespace } = about.places[0];
  const config = {
    'apiVersion': 'v1',
    'kind': 'Config',
    'clusters': [{ name: 'cluster', cluster: clusterEntry(endpointOf(connection)) }],
    'users': [{ name: about.name, user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key.export({ type: 'pkcs8', format: 'pem' })) } }],
    'contexts': [{ name: about.name, context: { cluster: 'cluster', user: about.name, namespace, extensions: [{ name: EXTENSION, extension: about }] } }],
    'current-context': about.name,
  };
  return read(`${JSON.stringify(config, null, 2)}\n`);
}

/** Reads what a sealed file contained. */
export function read(kubeconfig: string): Credential {
  try {
    const config = JSON.parse(kubeconfig);
    const [{ context }] = config.contexts;
    const about: About = context.extensions.find((one: any) => one.name === EXTENSION).extension;
    const certificate = new X509Certificate(Buffer.from(config.users[0].user['client-certificate-data'], 'base64'));
    return {
      ...about,
      kubeconfig,
      server: config.clusters[0].cluster.server,
      notBefore: new Date(certificate.validFrom),
      notAfter: new Date(certificate.validTo),
    };
  } catch {
    return refused('What was sealed is no credential of secure-debug break-glass seal. Fix: open it with age --decrypt, and see what it is.');
  }
}

/** RFC 3339, whole seconds. */
export function time(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}
