import { Construct } from 'constructs';
import { hostFolder } from './sink-parts';
import { ControlPlane } from '../../model/control-plane';
import { ControlPlanePlatform } from '../../model/control-plane-platform';
import { addServerFile, serverFiles } from '../../model/server-file';
import { reject } from '../../private/errors';
import { httpsUrl } from '../../private/https-url';
import { yamlFile } from '../../private/yaml-text';

const where = 'AuditWebhook';
const FILE = 'audit-webhook.yaml';

/** Where the API server sends its events itself. */
export interface AuditWebhookProps {
  /** The address that takes lists of events (audit.k8s.io/v1, EventList) by POST. */
  readonly url: string;

  /**
   * Certificate authority of that address: path of a PEM file on the nodes, in `/etc/kubernetes/secure-debug`, which is mounted.
   *
   * @default - the authorities of the API server's image
   */
  readonly certificateAuthorityFile?: string;

  /**
   * Path of a file on the nodes, in `/etc/kubernetes/secure-debug`, with the token that is sent.
   *
   * @default - none is sent
   */
  readonly tokenFile?: string;

  /**
   * How many events the API server keeps in memory, 1000 to 1000000. What comes while it is full is lost, and counted in
   * apiserver_audit_error_total.
   *
   * @default 50000
   */
  readonly bufferSize?: number;
}

/**
 * The API server's webhook backend, for a control plane on whose nodes nothing can run. It has no queue on the disk: what is in
 * memory when the API server ends, or comes while its buffer is full, is lost. Where nodes can be reached, take
 * `AuditLogShipping`; it goes beside the log on disk, which stays complete.
 *
 * @see https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/#webhook-backend
 */
export class AuditWebhook extends Construct {
  private readonly props: AuditWebhookProps;

  /**
   * @param scope the control plane, or a construct in it
   * @throws in a chart of cluster objects, as the second one, on a URL that is not https, on files elsewhere, and on Talos
   */
  public constructor(scope: Construct, id: string, props: AuditWebhookProps) {
    super(ControlPlane._scopeFor(where, 'audit webhook', 'webhook', scope), id);
    const controlPlane = ControlPlane._of(this)!;
    let complete = false;
    this.node.addValidation({ validate: () => complete ? [] : ['AuditWebhook was refused when it was declared'] });
    if (serverFiles(controlPlane).some(file => file.name === FILE)) {
      reject({ where, field: 'id', value: id, problem: 'is a second audit webhook of this control plane, and the API server has one', fix: 'send to something that passes events on, or make another ControlPlane' });
    }
    if (controlPlane.platforms.includes(ControlPlanePlatform.TALOS)) {
      reject({ where, field: 'scope', value: 'Talos', problem: 'mounts no file for it into the API server', fix: 'send the log by Talos itself (machine.logging), or take AuditLogShipping' });
    }
    httpsUrl(where, 'url', props.url, 'a URL such as "https://audit.example.com/events"');
    for (const [field, path] of [['certificateAuthorityFile', props.certificateAuthorityFile], ['tokenFile', props.tokenFile]] as const) {
      if (path === undefined) continue;
      hostFolder(where, field, path);
      if (!path.startsWith('/etc/kubernetes/secure-debug/')) {
        reject({ where, field, value: path, problem: 'is in a folder that is not mounted into the API server', fix: 'put it into /etc/kubernetes/secure-debug' });
      }
    }
    const buffer = props.bufferSize ?? 50_000;
    if (!Number.isInteger(buffer) || buffer < 1000 || buffer > 1_000_000) {
      reject({ where, field: 'bufferSize', value: buffer, problem: 'is not a whole number of events from 1000 to 1000000', fix: 'give one' });
    }
    this.props = props;
    addServerFile(controlPlane, {
      name: FILE,
      text: () => this.toYaml(),
      compact: () => yamlFile([], this.toManifest()),
      flags: path => [
        { name: 'audit-webhook-config-file', value: path, kops: 'auditWebhookConfigFile' },
        { name: 'audit-webhook-mode', value: 'batch', kops: 'auditWebhookMode' },
        { name: 'audit-webhook-batch-buffer-size', value: buffer, kops: 'auditWebhookBatchBufferSize' },
        { name: 'audit-webhook-version', value: 'audit.k8s.io/v1', kops: 'auditWebhookVersion' },
      ],
      remarks: [`${FILE}: what is in the API server's memory when it ends is not sent. Keep the log on disk beside it.`],
      talos: { remarks: [] },
    });
    complete = true;
  }

  /** The kubeconfig by which the API server finds the address. */
  public toManifest(): any {
    const { url, certificateAuthorityFile, tokenFile } = this.props;
    return {
      'apiVersion': 'v1',
      'kind': 'Config',
      'clusters': [{ name: 'sink', cluster: { server: url, ...certificateAuthorityFile && { 'certificate-authority': certificateAuthorityFile } } }],
      'users': [{ name: 'kube-apiserver', user: tokenFile === undefined ? {} : { tokenFile } }],
      'contexts': [{ name: 'sink', context: { cluster: 'sink', user: 'kube-apiserver' } }],
      'current-context': 'sink',
    };
  }

  /** The file. */
  public toYaml(): string {
    return yamlFile(['Where kube-apiserver sends audit events (--audit-webhook-config-file). Made by cdk8s-secure-debug.'], this.toManifest());
  }
}
