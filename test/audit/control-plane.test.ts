import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { parse, parseAllDocuments } from 'yaml';
import { declaredAccess } from './plane';
import { AuditPolicy, AuditPolicyEvaluator, AuditPolicyProps, ControlPlane, ControlPlanePlatform, ControlPlaneProps, OnCallDebugAccess } from '../../src';
import { refusal } from '../private/refusal';

const { KUBEADM, CLUSTER_API, KIND, K3S, RKE2, TALOS, KOPS, EKS, AKS, GKE } = ControlPlanePlatform;
const ALL = [KUBEADM, CLUSTER_API, KIND, K3S, RKE2, TALOS, KOPS];

beforeEach(() => jest.spyOn(process.stderr, 'write').mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

function plane(props: ControlPlaneProps = {}, audit: AuditPolicyProps = {}): ControlPlane {
  const made = new ControlPlane(props);
  new AuditPolicy(made, 'audit', audit);
  return made;
}
function textOf(name: string, props: ControlPlaneProps, audit?: AuditPolicyProps): string {
  return plane(props, audit).synthFiles().find(file => file.name === name)!.content;
}
const read = (name: string, props: ControlPlaneProps, audit?: AuditPolicyProps) => parse(textOf(name, props, audit));
/** The rules a text of a policy has; comments aside. */
const rulesIn = (text: string) => AuditPolicyEvaluator.fromYaml(text).rules;
const rules = () => rulesIn(textOf('audit-policy.yaml', {}));

const POLICY = '/etc/kubernetes/secure-debug/audit-policy.yaml';
const LOG = '/var/log/kubernetes/audit/audit.log';
const ARGS = {
  'audit-policy-file': POLICY, 'audit-log-path': LOG, 'audit-log-maxage': '30', 'audit-log-maxbackup': '10', 'audit-log-maxsize': '100',
};
const AS_LIST = Object.entries(ARGS).map(([name, value]) => ({ name, value }));
const VOLUMES = [
  { name: 'secure-debug', hostPath: '/etc/kubernetes/secure-debug', mountPath: '/etc/kubernetes/secure-debug', readOnly: true, pathType: 'Directory' },
  { name: 'audit-log', hostPath: '/var/log/kubernetes/audit', mountPath: '/var/log/kubernetes/audit', readOnly: false, pathType: 'DirectoryOrCreate' },
];
const STDOUT = { logPath: '-' };

describe('one file for each platform, beside the plain one', () => {
  it('none unless asked for', () => expect(plane().synthFiles().map(file => file.name)).toEqual(['audit-policy.yaml']));
  it('named after the platform, whatever the order', () => {
    const names = ['audit-policy.yaml', 'cluster-api.yaml', 'k3s.yaml', 'kind.yaml', 'kops.yaml', 'kubeadm.yaml', 'rke2.yaml', 'talos.yaml'];
    const made = plane({ platforms: ALL });
    expect(made.platforms).toEqual([...ALL].sort());
    expect(made.synthFiles().map(file => file.name)).toEqual(names);
    expect(plane({ platforms: [...ALL].reverse() }).synthFiles()).toEqual(made.synthFiles());
  });
  it('is what was reviewed; the policy in it is compared elsewhere', () => {
    const comments = (content: string) => content.split('\n').filter(line => line.startsWith('#')).join('\n');
    for (const { name, content } of plane({ platforms: ALL }).synthFiles().filter(file => file.name !== 'audit-policy.yaml')) {
      expect(content.includes('level: None') ? comments(content) : content).toMatchSnapshot(name);
    }
  });
  it.each(ALL)('%s: one document that ends with a newline, below a comment that says how it is used and where that stands', platform => {
    const text = textOf(`${platform}.yaml`, { platforms: [platform] });
    expect(text).toMatch(/^# Made by cdk8s-secure-debug: files and flags of kube-apiserver\.\n(# .*\n)+# https:\/\/\S+\n\n[^#\n]/);
    expect(text).toMatch(/[^\n]\n$/);
    expect(parseAllDocuments(text)).toHaveLength(1);
    expect(text).not.toMatch(/^#.{125,}$/m);
  });

  describe('kubeadm', () => {
    it('ClusterConfiguration v1beta4: flags as a list, and the folders mounted', () => expect(read('kubeadm.yaml', { platforms: [KUBEADM] })).toEqual({
      apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'ClusterConfiguration', apiServer: { extraArgs: AS_LIST, extraVolumes: VOLUMES },
    }));
    it.each([['1.31', 'v1beta4'], ['1.30', 'v1beta3']])('Kubernetes %s: %s', (clusterVersion, version) => {
      const made = read('kubeadm.yaml', { platforms: [KUBEADM], clusterVersion });
      expect(made).toEqual({ apiVersion: `kubeadm.k8s.io/${version}`, kind: 'ClusterConfiguration', apiServer: { extraArgs: version === 'v1beta4' ? AS_LIST : ARGS, extraVolumes: VOLUMES } });
      expect(textOf('kubeadm.yaml', { platforms: [KUBEADM], clusterVersion })).toContain(`# https://kubernetes.io/docs/reference/config-api/kubeadm-config.${version}/\n`);
    });
    it('mounts the folder of the log, since rotation renames the file', () => {
      expect(read('kubeadm.yaml', { platforms: [KUBEADM] }, { logPath: '/data/api/log/audit.log' }).apiServer.extraVolumes[1]).toEqual({
        name: 'audit-log', hostPath: '/data/api/log', mountPath: '/data/api/log', readOnly: false, pathType: 'DirectoryOrCreate',
      });
    });
    it('mounts no log that goes to standard output', () => expect(read('kubeadm.yaml', { platforms: [KUBEADM] }, STDOUT).apiServer).toEqual({
      extraArgs: [AS_LIST[0], { name: 'audit-log-path', value: '-' }], extraVolumes: [VOLUMES[0]],
    }));
  });

  describe('Cluster API', () => {
    const KCP = { platforms: [CLUSTER_API] };
    /** As many on-call groups as a large company has: the policy no longer fits into the object. */
    const manyTeams = (count: number) => {
      const chart = new Chart(new App(), 'teams');
      return [new OnCallDebugAccess(chart, 'all', { namespace: 'payments', groups: Array.from({ length: count }, (_, i) => `oncall-team-${String(i).padStart(4, '0')}`) })];
    };
    it('a patch for the KubeadmControlPlane, with the policy in it', () => {
      const made = read('cluster-api.yaml', KCP);
      expect(made).toMatchObject({ apiVersion: 'controlplane.cluster.x-k8s.io/v1beta2', kind: 'KubeadmControlPlane', metadata: { name: 'control-plane' } });
      expect(made.spec).toEqual({
        kubeadmConfigSpec: {
          clusterConfiguration: { apiServer: { extraArgs: AS_LIST, extraVolumes: VOLUMES } },
          files: [{ path: POLICY, owner: 'root:root', permissions: '0600', content: expect.any(String) }],
        },
      });
      const { content } = made.spec.kubeadmConfigSpec.files[0];
      expect(content).not.toContain('#');
      expect(content).not.toContain('\n\n');
      expect(rulesIn(content)).toEqual(rules());
    });
    it('for the KubeadmControlPlane that is named', () => {
      const text = textOf('cluster-api.yaml', { ...KCP, kubeadmControlPlaneName: 'prod-cp' });
      expect(parse(text).metadata).toEqual({ name: 'prod-cp' });
      expect(text).toContain('kubectl patch kubeadmcontrolplane prod-cp --type merge');
    });
    it('a policy that is too long for the object comes from a Secret beside it', () => {
      const files = plane(KCP, { access: manyTeams(400) }).synthFiles();
      expect(files.map(file => file.name)).toEqual(['audit-policy.yaml', 'cluster-api-secret.yaml', 'cluster-api.yaml']);
      expect(parse(files[2].content).spec.kubeadmConfigSpec.files).toEqual([{
        path: POLICY, owner: 'root:root', permissions: '0600', contentFrom: { secret: { name: 'control-plane-secure-debug', key: 'audit-policy.yaml' } },
      }]);
      expect(files[2].content).toContain('# audit-policy.yaml is too long to stand here: apply cluster-api-secret.yaml to the same namespace first.\n');
      expect(parse(files[1].content)).toEqual({
        apiVersion: 'v1', kind: 'Secret', metadata: { name: 'control-plane-secure-debug' }, type: 'Opaque', stringData: { 'audit-policy.yaml': files[0].content },
      });
      expect(files[1].content).toContain('# For the management cluster, in the namespace of KubeadmControlPlane control-plane.');
    });
    it('the limit is that of the API: 10240 characters', () => {
      const size = (count: number) => {
        const [file] = read('cluster-api.yaml', KCP, { access: manyTeams(count) }).spec.kubeadmConfigSpec.files;
        return file.content?.length ?? Infinity;
      };
      let [fits, doesNot] = [20, 400];
      while (doesNot - fits > 1) {
        const middle = Math.floor((fits + doesNot) / 2);
        if (size(middle) < Infinity) fits = middle; else doesNot = middle;
      }
      expect(size(fits)).toBeLessThanOrEqual(10240);
      expect(size(fits)).toBeGreaterThan(10240 - 100);
      expect(size(doesNot)).toBe(Infinity);
      expect(textOf('cluster-api.yaml', KCP, { access: manyTeams(fits) })).not.toContain('too long');
    });
  });

  describe('kind', () => {
    it('mounts the file into the node and the folder into the pod, for every version of kubeadm', () => {
      const made = read('kind.yaml', { platforms: [KIND] });
      const [node] = made.nodes;
      expect(made).toEqual({ kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', nodes: [node] });
      expect(node).toEqual({
        role: 'control-plane', kubeadmConfigPatches: [expect.any(String)], extraMounts: [{ hostPath: './audit-policy.yaml', containerPath: POLICY, readOnly: true }],
      });
      expect(parse(node.kubeadmConfigPatches[0])).toEqual({ kind: 'ClusterConfiguration', apiServer: { extraArgs: ARGS, extraVolumes: VOLUMES } });
      expect(node.kubeadmConfigPatches[0]).not.toContain('#');
    });
  });

  describe('K3s and RKE2', () => {
    it('K3s: a drop-in that appends', () => expect(read('k3s.yaml', { platforms: [K3S] })).toEqual({
      'kube-apiserver-arg+': [
        'audit-policy-file=/etc/rancher/k3s/audit-policy.yaml', 'audit-log-path=/var/lib/rancher/k3s/server/logs/audit.log', 'audit-log-maxage=30', 'audit-log-maxbackup=10', 'audit-log-maxsize=100',
      ],
    }));
    it('RKE2: a drop-in with its own option for the policy, which it mounts', () => expect(read('rke2.yaml', { platforms: [RKE2] })).toEqual({
      'audit-policy-file': '/etc/rancher/rke2/audit-policy.yaml',
      'kube-apiserver-arg+': ['audit-log-path=/var/lib/rancher/rke2/server/logs/audit.log', 'audit-log-maxage=30', 'audit-log-maxbackup=10', 'audit-log-maxsize=100'],
    }));
    it('with the log elsewhere', () => {
      expect(read('k3s.yaml', { platforms: [K3S] }, { logPath: '/data/x/audit.log' })['kube-apiserver-arg+'][1]).toBe('audit-log-path=/data/x/audit.log');
      expect(read('rke2.yaml', { platforms: [RKE2] }, STDOUT)['kube-apiserver-arg+']).toEqual(['audit-log-path=-']);
    });
  });

  describe('Talos', () => {
    it('a patch with the policy in it; the folder of the log is its own', () => {
      const made = read('talos.yaml', { platforms: [TALOS] });
      expect(made).toEqual({ cluster: { apiServer: { auditPolicy: expect.any(Object), extraArgs: { 'audit-log-maxage': '30', 'audit-log-maxbackup': '10', 'audit-log-maxsize': '100' } } } });
      expect(AuditPolicyEvaluator.fromManifest(made.cluster.apiServer.auditPolicy).rules).toEqual(rules());
    });
  });

  describe('kOps', () => {
    it('the policy as an asset of every node with an API server, and its flags as fields', () => {
      const made = read('kops.yaml', { platforms: [KOPS] });
      expect(made).toEqual({
        apiVersion: 'kops.k8s.io/v1alpha2',
        kind: 'Cluster',
        spec: {
          fileAssets: [{ name: 'secure-debug-audit-policy', path: POLICY, roles: ['ControlPlane', 'APIServer'], content: textOf('audit-policy.yaml', {}) }],
          kubeAPIServer: { auditPolicyFile: POLICY, auditLogPath: LOG, auditLogMaxAge: 30, auditLogMaxBackups: 10, auditLogMaxSize: 100 },
        },
      });
    });
  });

  it.each([
    [EKS, 'CloudWatch Logs (log type "audit" of the cluster, with Logs Insights)'],
    [AKS, 'Azure Monitor (diagnostic category kube-audit)'],
    [GKE, 'Cloud Logging (Cloud Audit Logs of k8s.io)'],
  ])('%s lets nobody set the policy, and says where its log is', (platform, log) => {
    expect(refusal(() => new ControlPlane({ platforms: [KIND, platform] }))).toBe(
      `ControlPlane: platforms[1] = "${platform}" lets nobody set the audit policy: the provider does. Fix: leave it out, and query the log that the provider writes: ${log}.`);
  });
});

describe('refused', () => {
  const message = (props: object) => refusal(() => new ControlPlane(props));
  it.each<[string, object, string]>([
    ['a platform twice', { platforms: [KIND, KIND] }, 'platforms[1] = "kind" is listed twice. Fix: remove one of the two.'],
    ['a version that is none', { clusterVersion: 'latest' }, 'clusterVersion = "latest" is not a version of Kubernetes. Fix: write e.g. "1.33".'],
    ['another major version', { clusterVersion: '2.0' }, 'clusterVersion = "2.0" is not a version of Kubernetes. Fix: write e.g. "1.33".'],
    ['a version with more', { clusterVersion: '1.33.2-gke.1' }, 'clusterVersion = "1.33.2-gke.1" is not a version of Kubernetes. Fix: write e.g. "1.33".'],
    ['no version', { clusterVersion: '' }, 'clusterVersion = "" is empty. Fix: give a version such as "1.33".'],
    ['an old version', { clusterVersion: 'v1.27.16' }, 'clusterVersion = "v1.27.16" is older than 1.28, the oldest this was made for. Fix: upgrade the cluster first.'],
    ['no folder', { outdir: '' }, 'outdir = "" is empty. Fix: give a folder such as "control-plane".'],
    ['a name that is none', { kubeadmControlPlaneName: 'Prod_CP' }, 'kubeadmControlPlaneName = "Prod_CP" is not a DNS subdomain (lower-case letters, digits, "-" and "."). Fix: write the name of the KubeadmControlPlane.'],
  ])('%s', (_title, props, expected) => expect(message(props)).toBe(`ControlPlane: ${expected}`));
  it.each(['1.28', 'v1.28', '1.33.2', 'v1.100.0'])('version %s is not', clusterVersion => expect(new ControlPlane({ clusterVersion }).outdir).toBe('control-plane'));

  describe('an output among cluster objects, where kubectl apply would find it', () => {
    const { CDK8S_OUTDIR } = process.env;
    afterEach(() => {
      if (CDK8S_OUTDIR === undefined) delete process.env.CDK8S_OUTDIR; else process.env.CDK8S_OUTDIR = CDK8S_OUTDIR;
    });
    it.each(['dist', './dist', 'dist/', 'dist/control-plane', 'a/../dist/x', join(process.cwd(), 'dist', 'x'), 'dist/..x'])('%s', outdir => {
      expect(message({ outdir })).toBe(
        `ControlPlane: outdir = ${JSON.stringify(outdir)} is in "dist", the folder of cluster objects: kubectl apply fails on files of the API server. Fix: name a folder beside it, e.g. "control-plane".`);
    });
    it('in the folder that cdk8s writes now', () => {
      process.env.CDK8S_OUTDIR = 'manifests';
      expect(message({ outdir: 'manifests/control-plane' })).toContain('is in "manifests", the folder of cluster objects');
      expect(message({ outdir: 'dist' })).toContain('is in "dist", the folder of cluster objects');
    });
    it.each(['manifests', ''])('the default does not follow cdk8s, which writes to "%s"', folder => {
      process.env.CDK8S_OUTDIR = folder;
      expect(new ControlPlane().outdir).toBe('control-plane');
    });
    it.each(['distribution', 'out/dist', '.', '..', '../dist', 'my-dist/x'])('%s is beside it', outdir => expect(new ControlPlane({ outdir }).outdir).toBe(outdir));
  });

  it('a control plane in which nothing is declared', () => {
    expect(refusal(() => new ControlPlane().synthFiles())).toBe(
      "ControlPlane: files = [] is empty: nothing is declared for the API server. Fix: declare e.g. new AuditPolicy(controlPlane, 'audit').");
  });
});

describe('synth', () => {
  let folder: string;
  let outdir: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'control-plane-'));
    outdir = join(folder, 'a', 'out');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const written = () => Object.fromEntries(readdirSync(outdir).sort().map(name => [name, readFileSync(join(outdir, name), 'utf8')]));
  const declared = (made: ControlPlane) => Object.fromEntries(made.synthFiles().map(file => [file.name, file.content]));

  it('writes what synthFiles says, and makes the folder', () => {
    const made = plane({ outdir, platforms: ALL }, { access: declaredAccess() });
    made.synth();
    expect(written()).toEqual(declared(made));
  });
  it('writes the same twice', () => {
    plane({ outdir, platforms: ALL }).synth();
    const first = written();
    plane({ outdir, platforms: ALL }).synth();
    expect(written()).toEqual(first);
  });
  it('removes what is no longer declared, and nothing that is not its own', () => {
    plane({ outdir, platforms: ALL }).synth();
    writeFileSync(join(outdir, 'README.md'), 'mine');
    writeFileSync(join(outdir, 'cluster-api-secret.yaml'), 'of an earlier run');
    plane({ outdir, platforms: [KIND] }).synth();
    expect(Object.keys(written())).toEqual(['README.md', 'audit-policy.yaml', 'kind.yaml']);
  });
  it('writes nothing when a construct is not valid', () => {
    const made = plane({ outdir });
    new Construct(made, 'part').node.addValidation({ validate: () => ['is wrong', 'and more'] });
    expect(() => made.synth()).toThrow('Validation failed:\n  [part] is wrong\n  [part] and more');
    expect(existsSync(outdir)).toBe(false);
  });
  it('writes nothing when one file cannot be rendered', () => {
    const made = plane({ outdir, platforms: [KIND] });
    jest.spyOn(AuditPolicy.prototype, 'toYaml').mockImplementation(() => { throw new Error('no YAML'); });
    expect(() => made.synth()).toThrow('no YAML');
    expect(existsSync(outdir)).toBe(false);
  });
  it('leaves nothing half-written: when a file cannot be written, the earlier files stay as they were', () => {
    plane({ outdir, platforms: [KIND] }).synth();
    const before = written();
    // A folder where the last file would be prepared.
    mkdirSync(join(outdir, '.talos.yaml.tmp'));
    const made = plane({ outdir, platforms: ALL }, { logMaxAgeDays: 1 });
    expect(() => made.synth()).toThrow(/EISDIR/);
    rmSync(join(outdir, '.talos.yaml.tmp'), { recursive: true });
    expect(written()).toEqual(before);
  });
  it('is apart from the app: the app synthesizes no audit policy', () => {
    const app = new App({ outdir: join(folder, 'dist') });
    const chart = new Chart(app, 'payments');
    const access = new OnCallDebugAccess(chart, 'oncall', { namespace: 'payments', group: 'oncall-payments' });
    plane({ outdir }, { access: [access] }).synth();
    app.synth();
    expect(readdirSync(join(folder, 'dist'))).toEqual(['payments.k8s.yaml']);
    expect(readFileSync(join(folder, 'dist', 'payments.k8s.yaml'), 'utf8')).not.toContain('audit.k8s.io');
  });
});
