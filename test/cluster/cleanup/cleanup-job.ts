import { Cluster } from '../lab/cluster';
import { admin, asAdmin, find, kubectl } from '../lab/kubectl';
import { eventually } from '../lab/process';

/** A Job that has ended. */
export interface EndedJob {
  readonly succeeded: boolean;
  /** Name of its pod. */
  readonly pod: string;
  /** Each line of its log, parsed. */
  readonly log: any[];
  /** What the API server warned of when it was created. */
  readonly warnings: string;
}

/** Lets a CronJob run now, as an operator would. */
export function runNow(cluster: Cluster, ns: string, cronJob: string, job: string): Promise<EndedJob> {
  return runToItsEnd(cluster, ns, job, ['create', 'job', job, `--from=cronjob/${cronJob}`]);
}

/** Runs another program in the place of a CronJob's: in the same container, with all that limits it. */
export async function runInstead(cluster: Cluster, ns: string, cronJob: string, job: string, args: string[]): Promise<EndedJob> {
  const { spec } = (await find(cluster, ['cronjob', cronJob, '-n', ns])).spec.jobTemplate;
  spec.template.spec.containers[0].args = args;
  return runToItsEnd(cluster, ns, job, ['create', '-f', '-'], JSON.stringify({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: job }, spec }));
}

async function runToItsEnd(cluster: Cluster, ns: string, job: string, create: string[], stdin?: string): Promise<EndedJob> {
  const created = await kubectl(cluster, admin(cluster), [...create, '-n', ns], { stdin });
  if (created.code !== 0) throw new Error(`the job ${job} could not be created: ${created.stderr}`);
  const succeeded = await eventually(`the end of the job ${job}`, async () => {
    const conditions: any[] = (await find(cluster, ['job', job, '-n', ns])).status?.conditions ?? [];
    return conditions.find(({ type, status }) => status === 'True' && ['Complete', 'Failed'].includes(type))?.type;
  }, 180_000) === 'Complete';
  const { items } = JSON.parse(await asAdmin(cluster, ['get', 'pods', '-n', ns, '-l', `batch.kubernetes.io/job-name=${job}`, '-o', 'json']));
  if (items.length !== 1) throw new Error(`the job ${job} made ${items.length} pods, not one`);
  const pod = items[0].metadata.name;
  const lines = (await asAdmin(cluster, ['logs', '-n', ns, pod])).trim().split('\n');
  return { succeeded, pod, log: lines.map(line => JSON.parse(line)), warnings: created.stderr };
}
