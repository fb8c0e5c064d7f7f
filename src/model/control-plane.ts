import { mkdirSync, renameSync, rmSync, writeFileSync } from 'fs';
import { join } from 'path';
import { Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { ControlPlanePlatform } from './control-plane-platform';
import { PLATFORM_FILES, PROVIDER_LOGS, renderPlatform } from './platforms';
import { serverFiles } from './server-file';
import { byCodeUnit } from '../private/canonical';
import { reject } from '../private/errors';
import { besideManifests } from '../private/outdir';
import { dnsSubdomain, each, text } from '../private/validate';

const where = 'ControlPlane';

/** The oldest minor version whose behaviour is known here. */
const OLDEST = 28;

/** Where the files of the API server go, and for which platforms. */
export interface ControlPlaneProps {
  /**
   * The folder that `synth` writes. It must not be in the folder of cluster objects, which kubectl or GitOps applies.
   *
   * @default control-plane
   */
  readonly outdir?: string;

  /**
   * Kubernetes version, e.g. `1.33` or `v1.33.2`.
   *
   * @default - the newest
   */
  readonly clusterVersion?: string;

  /**
   * Platforms to write a configuration for, beside the plain files.
   *
   * @default - only the plain files
   */
  readonly platforms?: ControlPlanePlatform[];

  /**
   * Name of the KubeadmControlPlane that the patch for Cluster API is for.
   *
   * @default control-plane
   */
  readonly kubeadmControlPlaneName?: string;
}

/** One file of the output. */
export interface ControlPlaneFile {
  /** File name in the output folder. */
  readonly name: string;
  /** The content; ends with a newline. */
  readonly content: string;
}

/**
 * The files that kube-apiserver reads from its own disk, such as the audit policy: a root like cdk8s' App, with an
 * output of its own. They are no cluster objects; kubectl apply fails on them. Beside the plain files there is one
 * for each platform, with flags and mounts as that platform wants them.
 */
export class ControlPlane extends Construct {
  /**
   * Where a file of the API server may be declared: in a control plane, or in a construct in it.
   *
   * @param what what it is, e.g. `audit policy`
   * @param id an example of its id
   * @internal
   */
  public static _scopeFor(construct: string, what: string, id: string, scope: Construct): Construct {
    const example = `new ${construct}(new ControlPlane(), '${id}')`;
    if (scope.node.scopes.some(above => Chart.isChart(above))) {
      reject({
        where: construct,
        field: 'scope',
        value: scope.node.path,
        problem: `is a chart of cluster objects: kube-apiserver reads its ${what} from its own disk, and kubectl apply fails on one`,
        fix: `declare it in a ControlPlane: ${example}`,
      });
    }
    if (!ControlPlane._of(scope)) {
      reject({ where: construct, field: 'scope', value: scope.node.path, problem: 'is in no ControlPlane', fix: `declare it in one: ${example}` });
    }
    return scope;
  }

  /**
   * The control plane that a construct is in.
   *
   * @internal
   */
  public static _of(scope: Construct): ControlPlane | undefined {
    return scope.node.scopes.find((above): above is ControlPlane => above instanceof ControlPlane);
  }

  /** The folder that `synth` writes. */
  public readonly outdir: string;
  /** The platforms that get a file, sorted. */
  public readonly platforms: ControlPlanePlatform[];
  /**
   * Minor version of Kubernetes 1, undefined for the newest.
   *
   * @internal
   */
  public readonly _minor?: number;
  private readonly kubeadmControlPlaneName: string;

  /**
   * @throws when the output is in the folder of cluster objects, on a version before 1.28, and on EKS, AKS and GKE,
   * where nobody but the provider sets the audit policy
   */
  public constructor(props: ControlPlaneProps = {}) {
    super(undefined as any, '');
    const { platforms = [] } = props;
    this.outdir = besideManifests(where, 'outdir', props.outdir ?? 'control-plane', 'files of the API server', 'control-plane');
    this._minor = props.clusterVersion === undefined ? undefined : minorOf(props.clusterVersion);
    this.kubeadmControlPlaneName = dnsSubdomain(where, 'kubeadmControlPlaneName', props.kubeadmControlPlaneName ?? 'control-plane', 'the name of the KubeadmControlPlane');
    if (platforms.length > 0) each(where, 'platforms', platforms, 'platform', settable);
    this.platforms = [...platforms].sort(byCodeUnit);
  }

  /**
   * The files as data, sorted by name.
   *
   * @throws when nothing is declared, or a construct is not valid
   */
  public synthFiles(): ControlPlaneFile[] {
    const errors = this.node.findAll().flatMap(construct => construct.node.validate().map(error => `[${construct.node.path}] ${error}`));
    if (errors.length > 0) throw new Error(`Validation failed:\n  ${errors.join('\n  ')}`);
    const files = serverFiles(this);
    if (files.length === 0) {
      reject({ where, field: 'files', value: [], problem: 'is empty: nothing is declared for the API server', fix: "declare e.g. new AuditPolicy(controlPlane, 'audit')" });
    }
    const { _minor: minor, kubeadmControlPlaneName } = this;
    return [
      ...files.map((file): [string, string] => [file.name, file.text()]),
      ...this.platforms.flatMap(platform => renderPlatform(platform, { files, minor, kubeadmControlPlaneName })),
    ].map(([name, content]) => ({ name, content })).sort((a, b) => byCodeUnit(a.name, b.name));
  }

  /**
   * Writes the files. All are complete before the first takes its name; a file of an earlier run that is no longer
   * declared is removed, other files in the folder stay.
   *
   * @throws as `synthFiles`, before anything is written
   */
  public synth(): void {
    const files = this.synthFiles();
    mkdirSync(this.outdir, { recursive: true });
    const path = (name: string) => join(this.outdir, name);
    const unfinished = (name: string) => path(`.${name}.tmp`);
    try {
      files.forEach(({ name, content }) => writeFileSync(unfinished(name), content));
      files.forEach(({ name }) => renameSync(unfinished(name), path(name)));
    } finally {
      files.forEach(({ name }) => rmSync(unfinished(name), { force: true }));
    }
    PLATFORM_FILES.filter(name => !files.some(file => file.name === name)).forEach(name => rmSync(path(name), { force: true }));
  }
}

function minorOf(version: string): number {
  const field = 'clusterVersion';
  text(where, field, version, 'a version such as "1.33"');
  const minor = /^v?1\.(\d{1,3})(\.\d+)?$/.exec(version)?.[1];
  if (minor === undefined) {
    reject({ where, field, value: version, problem: 'is not a version of Kubernetes', fix: 'write e.g. "1.33"' });
  }
  if (Number(minor) < OLDEST) {
    reject({ where, field, value: version, problem: `is older than 1.${OLDEST}, the oldest this was made for`, fix: 'upgrade the cluster first' });
  }
  return Number(minor);
}

function settable(field: string, platform: string): string {
  if (platform in PROVIDER_LOGS) {
    reject({
      where,
      field,
      value: platform,
      problem: 'lets nobody set the audit policy: the provider does',
      fix: `leave it out, and query the log that the provider writes: ${PROVIDER_LOGS[platform]}`,
    });
  }
  return platform;
}
