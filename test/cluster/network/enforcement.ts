import { probe, ProbePod, start } from './probe';
import { Cluster, theCluster } from '../lab/cluster';
import { apply } from '../lab/kubectl';
import { eventually } from '../lab/process';
import { remove } from '../lab/targets';

/** Whether the network plug-in of a cluster enforces NetworkPolicies, and how that showed. */
export interface Enforcement {
  readonly enforced: boolean;
  readonly because: string;
}

const SECONDS = 20;

/** Finds out by denying everything, and asking whether it still passes. */
export async function enforcement(cluster: Cluster): Promise<Enforcement> {
  const namespace = 'sd-net-detection';
  const pods: ProbePod[] = ['one', 'other'].map(name => ({ namespace, name, labels: { app: name } }));
  try {
    const addresses = await start(cluster, pods);
    const between = async () => (await probe(cluster, addresses)).filter(connection => /one > .*other:/.test(connection)).length;
    await eventually('two pods to reach each other', async () => (await between()) || undefined);
    await apply(cluster, [{
      apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'deny', namespace }, spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    }]);
    const end = Date.now() + SECONDS * 1000;
    while (Date.now() < end) {
      if (await between() === 0) return { enforced: true, because: 'a policy that denies everything was obeyed' };
      await new Promise(resolve => setTimeout(resolve, 1000));
    }
    return { enforced: false, because: `this cluster enforces no NetworkPolicy: pods still reached each other ${SECONDS} s after one denied everything` };
  } finally {
    await remove(cluster, [namespace]);
  }
}

// jest wants to know what is skipped before it runs anything, so a test asks a process of its own, and waits.
if (require.main === module) {
  enforcement(theCluster()).then(found => console.log(JSON.stringify(found)), error => {
    console.error(error);
    process.exitCode = 1;
  });
}
