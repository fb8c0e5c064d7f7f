import { mkdirSync, renameSync, rmSync, writeFileSync } from 'fs';
import { basename, dirname, join } from 'path';
import { CredentialPlugin } from './credential-plugin';
import { canonicalJson } from '../private/canonical';
import { reject } from '../private/errors';
import { httpsUrl } from '../private/https-url';
import { besideManifests } from '../private/outdir';
import { certificates } from '../private/pem';
import { dnsLabel, dnsSubdomain, text } from '../private/validate';
import { yamlFile } from '../private/yaml-text';

const where = 'OidcKubeconfig';

/** One cluster of the fleet. */
export interface KubeconfigCluster {
  /** Its name, which is that of its context too: what people type. */
  readonly name: string;
  /** URL of the API server, e.g. `https://api.prod.example.com:6443`. */
  readonly server: string;
  /**
   * PEM of the authority that signed the API server's certificate.
   *
   * @default - those that the computer trusts
   */
  readonly certificateAuthority?: string;
  /**
   * The name in the API server's certificate, where it differs from that in the URL.
   *
   * @default - that of the URL
   */
  readonly tlsServerName?: string;
  /**
   * The namespace that kubectl acts in when none is given.
   *
   * @default - `default`
   */
  readonly namespace?: string;
  /**
   * How to log in to this cluster, such as `CredentialPlugin.eks`, which names the cluster.
   *
   * @default - the plugin of the file
   */
  readonly plugin?: CredentialPlugin;
}

/** The clusters, and how to log in. */
export interface OidcKubeconfigProps {
  /** The clusters; each gets a context of its name. */
  readonly clusters: KubeconfigCluster[];
  /**
   * How to log in to the clusters that have no plugin of their own.
   *
   * @default - each cluster has one
   */
  readonly plugin?: CredentialPlugin;
  /**
   * The context that is used when none is named.
   *
   * @default - the only cluster; none where there are several, so that nobody acts on the wrong one by habit
   */
  readonly currentContext?: string;
}

/**
 * A kubeconfig for everybody: clusters, contexts, and a credential plugin instead of a credential. It holds nothing secret,
 * so it can lie in a repository or on a web page. It is a file for people and no cluster object: `write` puts it where you
 * say, beside the folder of manifests.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 */
export class OidcKubeconfig {
  private readonly manifest: any;

  /**
   * @throws on no or equal clusters, a server that is not HTTPS, an authority that is no certificate, a cluster without a
   * plugin, and a current context that is no cluster
   */
  public constructor(props: OidcKubeconfigProps) {
    const { clusters, plugin, currentContext } = props;
    if (!Array.isArray(clusters) || clusters.length === 0) reject({ where, field: 'clusters', value: clusters, problem: 'is empty', fix: 'give at least one cluster' });
    const names = clusters.map((cluster, i) => contextName(`clusters[${i}].name`, cluster.name));
    const twice = names.findIndex((name, i) => names.indexOf(name) < i);
    if (twice >= 0) reject({ where, field: `clusters[${twice}].name`, value: names[twice], problem: 'is listed twice', fix: 'give each cluster a name of its own' });
    if (currentContext !== undefined && !names.includes(currentContext)) {
      reject({ where, field: 'currentContext', value: currentContext, problem: 'is no cluster of this file', fix: `use one of ${names.join(', ')}` });
    }
    const users = usersOf(clusters, plugin);
    this.manifest = {
      'apiVersion': 'v1',
      'kind': 'Config',
      'clusters': clusters.map((cluster, i) => ({ name: cluster.name, cluster: clusterManifest(`clusters[${i}]`, cluster) })),
      'users': [...users.entries()].map(([user, by]) => ({ name: user, user: { exec: by.toManifest() } })),
      'contexts': clusters.map((cluster, i) => ({
        name: cluster.name,
        context: {
          cluster: cluster.name,
          ...cluster.namespace !== undefined && { namespace: dnsLabel(where, `clusters[${i}].namespace`, cluster.namespace, 'a namespace name such as "payments"') },
          user: userOf(users, (cluster.plugin ?? plugin)!),
        },
      })),
      'current-context': currentContext ?? (clusters.length === 1 ? clusters[0].name : ''),
    };
  }

  /** The kubeconfig as an object. */
  public toManifest(): any {
    return structuredClone(this.manifest);
  }

  /** The kubeconfig as YAML. */
  public toYaml(): string {
    const plugins: string[] = this.manifest.users.map((user: any) => user.user.exec.command);
    return yamlFile([
      'How to reach the clusters, without any secret. Made by cdk8s-secure-debug.',
      `Use it by KUBECONFIG, or beside your own: KUBECONFIG=~/.kube/config:this-file. It needs ${[...new Set(plugins)].join(', ')}.`,
    ], this.manifest);
  }

  /**
   * Writes the file, and its folder if it is missing. It is complete before it takes its name.
   *
   * @param path e.g. `out/kubeconfig.yaml`
   * @throws when it is in the folder of cluster objects, which kubectl or GitOps applies
   */
  public write(path: string): void {
    besideManifests(where, 'path', path, 'a kubeconfig', 'kubeconfig.yaml');
    mkdirSync(dirname(path), { recursive: true });
    const unfinished = join(dirname(path), `.${basename(path)}.tmp`);
    try {
      writeFileSync(unfinished, this.toYaml());
      renameSync(unfinished, path);
    } finally {
      rmSync(unfinished, { force: true });
    }
  }
}

function contextName(field: string, value: string): string {
  text(where, field, value, 'the name of a cluster such as "prod-eu"');
  if (/[\s"'$`\\*]/.test(value) || value.startsWith('-')) {
    reject({ where, field, value, problem: 'is hard to type: it has blanks, quotes or signs of the shell', fix: 'use letters, digits, "-", ".", "_", "/", ":" and "@"' });
  }
  return value;
}

function clusterManifest(field: string, cluster: KubeconfigCluster): object {
  const { server, certificateAuthority: authority, tlsServerName: name } = cluster;
  return {
    ...authority !== undefined && { 'certificate-authority-data': Buffer.from(certificates(where, `${field}.certificateAuthority`, authority)).toString('base64') },
    server: httpsUrl(where, `${field}.server`, server, 'the API server such as "https://api.prod.example.com:6443"'),
    ...name !== undefined && { 'tls-server-name': dnsSubdomain(where, `${field}.tlsServerName`, name, 'the name in the certificate') },
  };
}

/** Each way to log in once, under a name: that of the file is `person`, another that of its first cluster. */
function usersOf(clusters: KubeconfigCluster[], plugin: CredentialPlugin | undefined): Map<string, CredentialPlugin> {
  const users = new Map<string, CredentialPlugin>();
  clusters.forEach((cluster, i) => {
    const by = cluster.plugin ?? plugin;
    if (!(by instanceof CredentialPlugin)) {
      reject({ where, field: `clusters[${i}].plugin`, value: by, problem: 'is missing, and the file has none', fix: 'give plugin for all clusters, e.g. CredentialPlugin.kubelogin({ … }), or for this one' });
    }
    if (userOf(users, by) === undefined) users.set(cluster.plugin ? `person@${cluster.name}` : 'person', by);
  });
  return users;
}

function userOf(users: Map<string, CredentialPlugin>, plugin: CredentialPlugin): string | undefined {
  const same = canonicalJson(plugin.toManifest());
  return [...users].find(([, other]) => canonicalJson(other.toManifest()) === same)?.[0];
}
