import { RuleViolation } from './rule-violation';
import { SecureDebugRules } from './secure-debug-rules';
import { joined } from '../review/rights';
import { asObject, asString, identity, namespaceOf, objectsIn, stringsIn } from '../review/untrusted';

/** An object, and the file it was written to. */
interface Written {
  readonly name: string;
  readonly file: string;
}

/**
 * Runs the rules when the cdk8s command line synthesizes: `cdk8s synth --validate`. In `cdk8s.yaml`:
 *
 *     validations:
 *       - package: ./node_modules/cdk8s-secure-debug
 *         version: 0.0.0
 *         class: SecureDebugValidation
 *         properties:
 *           ignore: [SD5016]
 *
 * Properties are `ignore`, ids of rules that are not applied, and `today`, the day by which acceptances end. It runs after
 * synthesis, so without `today` it takes the day of the clock, in UTC. Any violation fails the synthesis.
 *
 * @see https://cdk8s.io/docs/latest/cli/synth/#validations
 */
export class SecureDebugValidation {
  private readonly properties: { readonly [key: string]: any };

  /** @param properties those of `cdk8s.yaml` */
  public constructor(properties: any = {}) {
    this.properties = asObject(properties);
  }

  /**
   * Called by the cdk8s command line.
   *
   * @param context its ValidationContext: the manifests, and the report
   * @throws on an unknown rule in `ignore`, and on a day that is none
   */
  public async validate(context: any): Promise<void> {
    const files: string[] = stringsIn(context.manifests);
    const parsed = files.map(file => ({ file, objects: objectsIn(context.parseManifest(file)) }));
    const places = new Map<string, Written>(parsed.flatMap(({ file, objects }) => objects.map((object): [string, Written] => {
      const name = asString(asObject(object.metadata).name);
      return [identity(asString(object.kind), namespaceOf(object), name), { name, file }];
    })));
    const today = this.properties.today === undefined ? new Date().toISOString().slice(0, 10) : String(this.properties.today);
    const violations = SecureDebugRules.check(parsed.flatMap(({ objects }) => objects), { today, ignore: stringsIn(this.properties.ignore) });
    for (const same of joined(violations, ({ id, message }) => `${id} ${message}`)) this.report(context, same[0], places, files);
    context.report.submit(violations.length === 0 ? 'success' : 'failure');
  }

  private report(context: any, { id, title, message, why, fix, objects }: RuleViolation, places: Map<string, Written>, files: string[]): void {
    const found = objects.map(object => places.get(object)).filter((place): place is Written => place !== undefined);
    context.report.addViolation({
      ruleName: `${id}: ${title}`,
      recommendation: `${message}. ${why}`,
      fix,
      violatingResources: (found.length > 0 ? found : [{ name: objects[0] ?? '', file: files[0] ?? '' }]).map(({ name, file }) =>
        ({ resourceName: name, locations: ['metadata/name'], manifestPath: file })),
    });
  }
}
