import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { checkDay, isAccepted } from './acceptance';
import { AccessFinding, AccessRow } from './access-row';
import { HELD } from './assess';
import { toHtml } from './html';
import { readManifests } from './manifests';
import { toMarkdown } from './markdown';
import { byFinding, findingsOf, overdue, rowsOf } from './rows';
import { toSvg } from './svg';
import { toText } from './text';
import { DebugCapability } from '../model/capability';
import { ClusterBoundary } from '../model/cluster-boundary';
import { sortedUnique } from '../private/canonical';
import { reject } from '../private/errors';

/** How findings are judged. */
export interface AccessMatrixOptions {
  /**
   * The day as `2026-03-01`, by which acceptances end: the annotation `secure-debug.internal/accepted-findings` of a Role or
   * binding, one a line: `SD5003 until 2026-06-30: moves to Vault`. The last day counts.
   *
   * @default - none, and so nothing is accepted: the library has no clock
   */
  readonly today?: string;
}

/**
 * Who may do what, where: read from the Roles and bindings themselves, not from what declared them, so that it also
 * tells what patches, other charts and hand-written manifests grant.
 *
 * It knows what the manifests say, one subject at a time: whoever is in two groups has what both rows say, and what
 * other authorizers or bindings outside these manifests allow is not in it.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/
 */
export class AccessMatrix {
  /**
   * Of every object below a construct, as it will be synthesized: an App, a Chart, or a part of one.
   *
   * @throws when the objects go to more than one cluster (ClusterBoundary)
   */
  public static of(scope: IConstruct, options: AccessMatrixOptions = {}): AccessMatrix {
    const objects = scope.node.findAll().filter(construct => ApiObject.isApiObject(construct)) as ApiObject[];
    const clusters = sortedUnique(objects.map(object => ClusterBoundary.of(object).node.path || 'the app'));
    if (clusters.length > 1) {
      reject({
        where: 'AccessMatrix.of', field: 'scope', value: scope.node.path, problem: `holds objects of ${clusters.length} clusters (${clusters.join(', ')})`, fix: 'make one matrix for each cluster, of its own chart',
      });
    }
    return AccessMatrix.fromManifests(objects.map(object => object.toJson()), options);
  }

  /**
   * Of parsed manifests: Roles, ClusterRoles and their bindings of rbac.authorization.k8s.io, in any order. Lists are
   * unpacked, everything else is passed over. Of roles that are not among them, only cluster-admin is known.
   *
   * @param objects Kubernetes objects, as parsed from YAML or JSON
   */
  public static fromManifests(objects: any[], options: AccessMatrixOptions = {}): AccessMatrix {
    const today = options.today === undefined ? undefined : checkDay('AccessMatrix.fromManifests', options.today);
    const reading = readManifests(objects);
    const rows = rowsOf(reading);
    const all = [...findingsOf(reading, rows), ...today === undefined ? [] : overdue(reading, today)].sort(byFinding);
    const isOpen = (finding: AccessFinding) => today === undefined || !isAccepted(finding, reading.accepted, today);
    return new AccessMatrix(
      rows.map(row => ({ ...row, findings: row.findings.filter(isOpen) })), all.filter(isOpen), all.filter(finding => !isOpen(finding)),
    );
  }

  private readonly allRows: AccessRow[];
  private readonly allFindings: AccessFinding[];

  private readonly accepted: AccessFinding[];

  private constructor(rows: AccessRow[], findings: AccessFinding[], accepted: AccessFinding[]) {
    this.allRows = rows;
    this.allFindings = findings;
    this.accepted = accepted;
  }

  /**
   * One for each subject and place: groups, users, ServiceAccounts, by name; the whole cluster before its namespaces, and
   * what is held before what can be requested.
   */
  public get rows(): AccessRow[] {
    return [...this.allRows];
  }

  /** What a reviewer should look at, of rows and of the objects themselves, sorted by id. */
  public get findings(): AccessFinding[] {
    return [...this.allFindings];
  }

  /** What would be a finding, had it not been accepted for a time by an annotation; sorted by id. */
  public get acceptedFindings(): AccessFinding[] {
    return [...this.accepted];
  }

  /**
   * The subjects that hold a capability of the catalogue in a namespace, wholly or in part, be it by a grant for the
   * whole cluster; e.g. `Group oncall-payments`, sorted. For what is about cluster-scoped objects the namespace
   * does not matter. Those who would have to request it first are not among them.
   */
  public whoMay(capability: DebugCapability, namespace: string): string[] {
    return this.holders(capability, namespace, false);
  }

  /** The subjects that can request a capability in a namespace, wholly or in part; sorted. */
  public whoMayRequest(capability: DebugCapability, namespace: string): string[] {
    return this.holders(capability, namespace, true);
  }

  /** A table for a terminal, at most 100 columns wide, without colours. */
  public toText(): string {
    return toText(this.allRows, this.allFindings);
  }

  /** Tables for a pull request or a wiki (GitHub-flavoured Markdown). */
  public toMarkdown(): string {
    return toMarkdown(this.allRows, this.allFindings);
  }

  /** A picture: who and where in rows, capabilities in columns, danger by shape and colour. */
  public toSvg(): string {
    return toSvg(this.allRows);
  }

  /** A page that stands alone, with no script and nothing to load: the picture's table with all its details. */
  public toHtml(): string {
    return toHtml(this.allRows, this.allFindings);
  }

  private holders(capability: DebugCapability, namespace: string, onRequest: boolean): string[] {
    return sortedUnique(this.allRows
      .filter(row => (row.onRequest !== undefined) === onRequest)
      .filter(row => row.namespace === undefined || row.namespace === namespace)
      .filter(row => row.cells.some(cell => cell.capability === capability.id && HELD.includes(cell.state)))
      .map(row => `${row.subjectKind} ${row.subject}`));
  }
}
