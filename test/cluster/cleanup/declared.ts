import { Chart, Duration } from 'cdk8s';
import { DebugContainerCleanup, SecureDebugWarnings } from '../../../src';
import { objects } from '../lab/setups';
import { namespace } from '../lab/targets';

/** A clean-up under test. */
export interface Declared {
  readonly name: string;
  readonly jobNamespace: string;
  readonly namespaces: string[];
  readonly copySelector?: { [key: string]: string };
  readonly dryRun?: boolean;
}

/** Objects of clean-ups with the shortest limits there are, which nobody runs but the test; `also` declares more. */
export function cleanups(declared: Declared[], also: (chart: Chart) => void = () => undefined): any[] {
  const emitted = objects(chart => {
    for (const id of ['SD4003', 'SD4004']) SecureDebugWarnings.acknowledge(chart, id, 'the test starts each run');
    const limits = { maxAge: Duration.minutes(1), graceAfterEnd: Duration.minutes(1) };
    for (const one of declared) new DebugContainerCleanup(chart, one.name, { ...one, ...limits, createNamespace: true, suspend: true });
    also(chart);
  });
  return emitted.map(object => object.kind === 'Namespace' ? ofThisSuite(object) : object);
}

/** The namespace as it was emitted, with the mark by which the suite knows that it may remove it. */
function ofThisSuite(emitted: any): any {
  const mark = (namespace(emitted.metadata.name, 'restricted') as any).metadata.labels;
  return { ...emitted, metadata: { ...emitted.metadata, labels: { ...mark, ...emitted.metadata.labels } } };
}
