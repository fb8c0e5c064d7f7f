import { ApiObject, App, Chart, ImplicitTokenResolver, JsonPatch, LazyResolver, NumberStringUnionResolver } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { canonicalJson } from './canonical';
import { InvalidInputError, reject, Rejection } from './errors';

/** A Kubernetes object as plain data. Lists must already be in their final order. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: { [key: string]: string };
    readonly annotations?: { [key: string]: string };
  };
  readonly [field: string]: unknown;
}

/** What each cluster has been declared to contain, by identity. */
const DECLARED = new WeakMap<IConstruct, Map<string, DeclaredObject>>();

/** The resolvers that every App has, in their order; none of them changes plain data. */
const STANDARD_RESOLVERS = [LazyResolver, ImplicitTokenResolver, NumberStringUnionResolver];

function hasStandardResolvers(object: ApiObject): boolean {
  const { resolvers } = App.of(object);
  return resolvers.length === STANDARD_RESOLVERS.length && STANDARD_RESOLVERS.every((standard, i) => resolvers[i].constructor === standard);
}

/** The keys by code unit. Most objects are written in that order, which is seen sooner than they are sorted. */
function sortedKeys(value: object): string[] {
  const keys = Object.keys(value);
  for (let i = 1; i < keys.length; i++) {
    if (keys[i] < keys[i - 1]) return keys.sort();
  }
  return keys;
}

/**
 * Data as cdk8s renders it: keys sorted, what is null left out. Throws on anything that is not plain data.
 *
 * @param full leaves out empty objects and lists too, as cdk8s does in metadata
 */
function rendered(value: unknown, full: boolean): unknown {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'function') throw new TypeError('a function is not plain data');
    return value ?? undefined;
  }
  if (Array.isArray(value)) return full && value.length === 0 ? undefined : value.map(item => rendered(item, full));
  if (value.constructor !== Object) throw new TypeError('an instance of a class is not plain data');
  const copy: { [key: string]: unknown } = {};
  let empty = true;
  for (const key of sortedKeys(value)) {
    const inner = rendered((value as { [key: string]: unknown })[key], full);
    if (inner === undefined) continue;
    copy[key] = inner;
    empty = false;
  }
  return full && empty ? undefined : copy;
}

/** What cdk8s' metadata consists of. It has no reader for most of it, so it is only read while nothing else is there. */
const METADATA = ['name', 'namespace', 'labels', 'annotations', 'finalizers', 'ownerReferences', '_additionalAttributes', 'apiObject'];

function renderedMetadata(definition: any): unknown {
  if (Object.keys(definition).length !== METADATA.length || !METADATA.every(field => field in definition)) return definition.toJson();
  const { annotations, finalizers, labels, name, namespace, ownerReferences, _additionalAttributes: others } = definition;
  const all: { [key: string]: unknown } = { annotations, finalizers, labels, name, namespace, ownerReferences };
  for (const key of Object.keys(others)) {
    if (!Object.hasOwn(all, key)) all[key] = others[key];
  }
  return rendered(all, true);
}

/**
 * An ApiObject of this library. A cluster-scoped one keeps out of the namespace that a chart stamps on everything.
 * Its content is plain data, so it is rendered without asking every resolver about every value, which is half the
 * time that cdk8s takes for an object; whatever makes that visible leads back to cdk8s.
 */
class DeclaredObject extends ApiObject {
  /** The same object in other charts of the cluster, on the one that was declared first. */
  public copies?: Map<Chart, DeclaredObject>;
  private patched = false;

  public constructor(scope: Construct, id: string, public readonly manifest: Manifest) {
    super(scope, id, manifest);
  }

  public addJsonPatch(...ops: JsonPatch[]): void {
    this.patched = true;
    super.addJsonPatch(...ops);
  }

  public toJson(): any {
    const json = this.fromPlainData() ?? super.toJson();
    if (this.manifest.metadata.namespace === undefined) delete json.metadata.namespace;
    return json;
  }

  /** The same as cdk8s renders, or undefined when only cdk8s can tell. */
  private fromPlainData(): any {
    if (this.patched || process.env.CDK8S_DISABLE_SORT) return undefined;
    try {
      if (!hasStandardResolvers(this)) return undefined;
      const { apiVersion, kind } = this.manifest;
      const json: { [key: string]: unknown } = { apiVersion, kind, metadata: renderedMetadata(this.metadata) };
      for (const key of sortedKeys(this.manifest)) {
        if (Object.hasOwn(json, key)) continue;
        const value = rendered(this.manifest[key], false);
        if (value !== undefined) json[key] = value;
      }
      return json;
    } catch {
      // cdk8s says what is wrong, and with which construct.
      return undefined;
    }
  }
}

/** `Role oncall-debug in namespace payments`. */
function describe(manifest: Manifest): string {
  const { name, namespace } = manifest.metadata;
  return `${manifest.kind} ${name}${namespace ? ` in namespace ${namespace}` : ''}`;
}

/** The chart that the object goes to. */
function chartOf(scope: Construct, where: string): Chart {
  try {
    return Chart.of(scope);
  } catch {
    return reject({
      where, field: 'scope', value: scope.node.path, problem: 'lies in no chart, so no file would contain its objects', fix: 'pass a Chart as scope, e.g. new Chart(app, "payments")',
    });
  }
}

/**
 * What makes the content of a construct. When it is refused, the app is not synthesized either: whoever swallows the
 * error must not apply the rest.
 */
export function allOrNothing<T>(construct: Construct, where: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    construct.node.addValidation({
      validate: () => [`${where}: "${construct.node.path}" was refused, so nothing is synthesized. Fix: mend its error, or leave it out.`],
    });
    throw error;
  }
}

/**
 * Emits an object once for each cluster. The same object declared again in the same chart is the one that exists;
 * in another chart it is emitted there too, so that each file stands alone; with other content it is an error.
 *
 * @param boundary the construct that stands for the cluster
 */
export function declareObject(scope: Construct, id: string, where: string, boundary: IConstruct, manifest: Manifest): ApiObject {
  let declared = DECLARED.get(boundary);
  if (!declared) DECLARED.set(boundary, declared = new Map());

  // The version is no part of it: rbac.authorization.k8s.io/v1 and /v1beta1 name one object.
  const { apiVersion, kind, metadata } = manifest;
  const identity = `${apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')))}/${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
  const earlier = declared.get(identity);
  if (earlier && canonicalJson(earlier.manifest) !== canonicalJson(manifest)) {
    const rejection: Rejection = {
      where,
      field: 'name',
      value: manifest.metadata.name,
      problem: `declares ${describe(manifest)} a second time with different content (first at "${earlier.node.path}", again at "${scope.node.path}")`,
      fix: 'join the two declarations, give one of them another name, or, when they go to different clusters, call ClusterBoundary.at(chart) on each chart first',
    };
    // Part of the construct may be there already: an app that swallows the error must not synthesize the rest.
    scope.node.addValidation({ validate: () => [new InvalidInputError(rejection).message] });
    reject(rejection);
  }
  const chart = chartOf(scope, where);
  const here = earlier?.chart === chart ? earlier : earlier?.copies?.get(chart);
  if (here) return here;

  const object = new DeclaredObject(scope, id, manifest);
  if (earlier) (earlier.copies ??= new Map()).set(chart, object); else declared.set(identity, object);
  return object;
}
