/**
 * Writes test/schemas/<version>/: the JSON schemas, in kubeconform's layout, of the kinds that the examples contain,
 * strict (no unknown field) and without prose. Source: the OpenAPI document inside the Go module k8s.io/kubernetes.
 *
 *     npx tsx tools/schemas.ts 1.33.13 1.37.1
 */
import { execFileSync } from 'child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

const KINDS = [
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy', 'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding',
  'v1/ConfigMap', 'v1/Namespace', 'v1/ResourceQuota', 'v1/Service', 'v1/ServiceAccount', 'apps/v1/DaemonSet', 'apps/v1/Deployment', 'apps/v1/StatefulSet',
  'batch/v1/CronJob', 'batch/v1/Job', 'networking.k8s.io/v1/Ingress', 'networking.k8s.io/v1/NetworkPolicy', 'policy/v1/PodDisruptionBudget',
  'rbac.authorization.k8s.io/v1/ClusterRole', 'rbac.authorization.k8s.io/v1/ClusterRoleBinding',
  'rbac.authorization.k8s.io/v1/Role', 'rbac.authorization.k8s.io/v1/RoleBinding',
];

type Schema = { [key: string]: any };

/** The definition with its references put in place; recursion does not occur in the kinds above. */
function expand(schema: Schema, definitions: Schema): Schema {
  if (schema.$ref) return expand(definitions[schema.$ref.replace('#/definitions/', '')], definitions);
  if (schema.format === 'int-or-string') return { oneOf: [{ type: 'string' }, { type: 'integer' }] };
  const out: Schema = {};
  if (schema.type) out.type = schema.type;
  if (schema.enum) out.enum = schema.enum;
  if (schema.required) out.required = schema.required;
  if (schema.items) out.items = expand(schema.items, definitions);
  if (schema.properties) {
    out.properties = Object.fromEntries(Object.entries<Schema>(schema.properties).map(([name, value]) => [name, expand(value, definitions)]));
    out.additionalProperties = false;
  } else if (schema.additionalProperties) {
    out.additionalProperties = expand(schema.additionalProperties, definitions);
  }
  return out;
}

for (const version of process.argv.slice(2)) {
  const { Dir } = JSON.parse(execFileSync('go', ['mod', 'download', '-json', `k8s.io/kubernetes@v${version}`], { cwd: tmpdir(), encoding: 'utf8' }));
  const { definitions } = JSON.parse(readFileSync(join(Dir, 'api/openapi-spec/swagger.json'), 'utf8'));
  const dir = join('test/schemas', `v${version}`);
  mkdirSync(dir, { recursive: true });
  for (const wanted of KINDS) {
    const parts = wanted.split('/');
    const [kind, apiVersion, group] = [parts.pop()!, parts.pop()!, parts.pop() ?? ''];
    const found = Object.values<Schema>(definitions).find(definition => definition['x-kubernetes-group-version-kind']
      ?.some((gvk: Schema) => gvk.group === group && gvk.version === apiVersion && gvk.kind === kind));
    if (!found) throw new Error(`${wanted} is not in Kubernetes ${version}`);
    const schema = expand(found, definitions);
    schema.properties.apiVersion = { const: group ? `${group}/${apiVersion}` : apiVersion };
    schema.properties.kind = { const: kind };
    schema.required = [...new Set([...(schema.required ?? []), 'apiVersion', 'kind', 'metadata'])].sort();
    const file = [kind, ...(group ? [group.split('.')[0]] : []), apiVersion].join('-').toLowerCase();
    writeFileSync(join(dir, `${file}.json`), `${JSON.stringify(schema)}\n`);
  }
}
