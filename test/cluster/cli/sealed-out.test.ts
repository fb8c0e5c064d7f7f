import { theCluster } from '../lab/cluster';
import { apply, asAdmin, admin, kubectl } from '../lab/kubectl';
import { eventually } from '../lab/process';
import { namespace, remove } from '../lab/targets';

/** docs/never-locked-out.md says so. */
const cluster = theCluster();
const PLACE = 'sd-sealed-out';
const NAME = 'sd-sealed-out';
const GUARDS = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings', 'validatingwebhookconfigurations'];
const KINDS = ['validatingwebhookconfiguration', 'validatingadmissionpolicybinding', 'validatingadmissionpolicy'];
const clear = async () => {
  for (const kind of KINDS) await asAdmin(cluster, ['delete', kind, '--ignore-not-found', NAME]);
};
const write = () => kubectl(cluster, admin(cluster), ['create', 'configmap', 'x', '-n', PLACE, '--dry-run=server']);

beforeAll(async () => {
  await clear();
  await remove(cluster, [PLACE]);
  await apply(cluster, [namespace(PLACE)]);
});
afterAll(async () => {
  await clear();
  await remove(cluster, [PLACE]);
});

test('a policy that fails and a webhook that is down keep nobody from turning the policy off, though both be about policies', async () => {
  const rule = (apiGroups: string[], resources: string[]) => ({ apiGroups, apiVersions: ['*'], operations: ['*'], resources });
  const ofGuards = rule(['admissionregistration.k8s.io'], GUARDS);
  await apply(cluster, [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: NAME },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: [ofGuards, rule([''], ['configmaps'])] },
        matchConditions: [{ name: 'here', expression: `!has(request.namespace) || request.namespace in ['', '${PLACE}']` }],
        validations: [{ expression: 'object.nothing.there == \'x\'' }],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: NAME },
      webhooks: [{
        name: 'down.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Fail', timeoutSeconds: 1, clientConfig: { url: 'https://127.0.0.1:1/' }, rules: [ofGuards],
      }],
    },
    { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: NAME }, spec: { policyName: NAME, validationActions: ['Deny'] } },
  ]);
  await eventually('the policy to refuse', async () => /denied request: expression .* resulted in error: no such key/.test((await write()).stderr) || undefined);
  await asAdmin(cluster, ['patch', 'validatingadmissionpolicybinding', NAME, '--type=json', '-p', '[{"op":"replace","path":"/spec/validationActions","value":["Audit"]}]']);
  await eventually('the policy to let pass', async () => (await write()).code === 0 || undefined);
});
