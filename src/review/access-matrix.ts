import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { AccessFinding, AccessRow } from './access-row';
import { HELD } from './assess';
import { toHtml } from './html';
import { readManifests } from './manifests';
import { toMarkdown } from './markdown';
import { findingsOf, rowsOf } from './rows';
import { toSvg } from './svg';
import { toText } from './text';
import { DebugCapability } from '../model/capability';
import { ClusterBoundary } from '../model/cluster-boundary';
import { sortedUnique } from '../private/canonical';
import { reject } from '../private/errors';

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
  public static of(scope: IConstruct): AccessMatrix {
    const objects = scope.node.findAll().filter(construct => ApiObject.isApiObject(construct)) as ApiObject[];
    const clusters = sortedUnique(objects.map(object => ClusterBoundary.of(object).node.path || 'the app'));
    if (clusters.length > 1) {
      reject({
        where: 'AccessMatrix.of', field: 'scope', value: scope.node.path, problem: `holds objects of ${clusters.length} clusters (${clusters.join(', ')})`, fix: 'make one matrix for each cluster, of its own chart',
      });
    }
    return AccessMatrix.fromManifests(objects.map(object => object.toJson()));
  }

  /**
   * Of parsed manifests: Roles, ClusterRoles and their bindings of rbac.authorization.k8s.io, in any order. Lists are
   * unpacked, everything else is passed over. Of roles that are not among them, only cluster-admin is known.
   *
   * @param objects Kubernetes objects, as parsed from YAML or JSON
   */
  public static fromManifests(objects: any[]): AccessMatrix {
    const reading = readManifests(objects);
    const rows = rowsOf(reading);
    return new AccessMatrix(rows, findingsOf(reading, rows));
  }

  private readonly allRows: AccessRow[];
  private readonly allFindings: AccessFinding[];

  private constructor(rows: AccessRow[], findings: AccessFinding[]) {
    this.allRows = rows;
    this.allFindings = findings;
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
