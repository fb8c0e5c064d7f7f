import { App, Chart } from 'cdk8s';
import { allowListOf } from './allow-list';
import type { BrokerTeam } from './broker-team';
import { compose } from './compose';
import { BrokerPolicyFinding, Finding, located, PolicyError, PolicySource, syntaxOf } from './finding';
import { Findings } from './findings';
import { JsonSource } from './json-source';
import { canonical, jsonText } from './json-text';
import { readPolicyFile } from './policy-file';
import { PolicyReader } from './read';
import { checkReferences } from './references';
import { schemaFindings, schemaText } from './schema';
import { documentOf } from './write';
import type { CommandSet } from '../guardrails/command-set';
import type { PodSecurityLevel } from '../guardrails/container-security';
import type { DebugImage } from '../guardrails/debug-image';
import type { GuardrailException } from '../guardrails/guardrail-exception';
import { GuardrailMode } from '../guardrails/guardrail-mode';
import type { ExecAllowList } from '../model/exec-allow-list';
import { byCodeUnit } from '../private/canonical';

const where = 'BrokerPolicy';

/** Where editors find the schema when a policy says nothing else. */
const SCHEMA_URL = 'https://unpkg.com/cdk8s-secure-debug/assets/broker-policy.schema.json';

/** Who may debug what, where, for how long, with which approvals and by which commands. */
export interface BrokerPolicyProps {
  /** The teams, in any order. */
  readonly teams: BrokerTeam[];

  /**
   * The command sets there are, 24 at most.
   *
   * @default - none: commands are not guarded
   */
  readonly commandSets?: CommandSet[];

  /**
   * The debug images there are, 24 at most.
   *
   * @default - none: debug containers are not guarded
   */
  readonly debugImages?: DebugImage[];

  /**
   * What happens to what the guardrails do not allow; `WARN` is refused, since nothing shows the warnings of an exec.
   * Access requests are held to their terms in either mode.
   *
   * @default GuardrailMode.AUDIT
   */
  readonly mode?: GuardrailMode;

  /**
   * How much a debug container may be given.
   *
   * @default PodSecurityLevel.BASELINE
   */
  readonly podSecurityLevel?: PodSecurityLevel;

  /**
   * Whether a debug container has to name the container it debugs.
   *
   * @default false
   */
  readonly requireTarget?: boolean;

  /**
   * Whom the guardrails let pass, by name.
   *
   * @default - nobody
   */
  readonly exceptions?: GuardrailException[];
}

/**
 * One declaration of who may debug what: reviewed as JSON in Git, or written in code; `Broker` makes the objects of a
 * cluster from it. Reading it checks all that the constructs check, and says each error with its line and column.
 */
export class BrokerPolicy {
  /**
   * A policy from code.
   *
   * @throws on everything that the constructs refuse, names of command sets and images that there are not, a namespace of two
   * teams, and a team without anybody; up to ten errors in one
   */
  public static of(props: BrokerPolicyProps): BrokerPolicy {
    const document = documentOf(props);
    const findings = schemaFindings(document);
    if (findings.length === 0) findings.push(...deepFindings(props));
    if (findings.length) throw new PolicyError(where, located(findings));
    return new BrokerPolicy(props);
  }

  /**
   * A policy from a JSON file of at most 1 MiB.
   *
   * @param path of the file; errors name it as it is written here
   * @throws as `fromJson` does, and when the file cannot be read
   */
  public static fromFile(path: string): BrokerPolicy {
    return BrokerPolicy.fromJson(readPolicyFile(path), path);
  }

  /**
   * A policy from JSON. Keys that are not known or given twice are errors, and so are comments.
   *
   * @param text the JSON
   * @param fileName what errors call it
   * @default broker.json
   * @throws on everything that `of` refuses and on what is no JSON: up to ten errors in one, each with line and column
   */
  public static fromJson(text: string, fileName?: string): BrokerPolicy {
    const name = fileName ?? 'broker.json';
    const { props, source, findings } = read(text, name);
    if (!props) throw new PolicyError(where, findings, name);
    return new BrokerPolicy(props, source);
  }

  /** Everything that is wrong with a policy, in the order of its text, for programs that show it their own way; empty when it is right. */
  public static check(text: string): BrokerPolicyFinding[] {
    return read(text, 'broker.json').findings;
  }

  /** The JSON Schema (draft-07) of the format, as text: it is the file `assets/broker-policy.schema.json` of the package. */
  public static schema(): string {
    return schemaText();
  }

  /** The teams, by name. */
  public readonly teams: BrokerTeam[];
  /** The command sets, by name. */
  public readonly commandSets: CommandSet[];
  /** The debug images, by name. */
  public readonly debugImages: DebugImage[];
  /** What happens to what the guardrails do not allow. */
  public readonly mode: GuardrailMode;
  /** Whom the guardrails let pass. */
  public readonly exceptions: GuardrailException[];

  /** @internal */
  public readonly _props: BrokerPolicyProps;
  /** @internal */
  public readonly _source?: PolicySource;

  private constructor(props: BrokerPolicyProps, source?: PolicySource) {
    this._props = props;
    this._source = source;
    const byName = <T extends { readonly name: string }>(all: T[] | undefined) => [...all ?? []].sort((a, b) => byCodeUnit(a.name, b.name));
    this.teams = byName(props.teams);
    this.commandSets = byName(props.commandSets);
    this.debugImages = byName(props.debugImages);
    this.mode = props.mode ?? GuardrailMode.AUDIT;
    this.exceptions = [...props.exceptions ?? []];
  }

  /**
   * What it says about exec and port-forward, for a `DebugGateway` of the same namespaces.
   *
   * @throws when the policy has no command sets, so that it guards no command
   */
  public execAllowList(): ExecAllowList {
    return allowListOf(this._props);
  }

  /**
   * The policy as JSON, for Git: keys and lists sorted, so that equal policies are equal texts. Reading it again gives the
   * same objects. Ends with a newline.
   */
  public toJson(): string {
    return `${jsonText(canonical({ $schema: SCHEMA_URL, ...documentOf(this._props) }))}\n`;
  }
}

interface Read {
  /** Undefined when something is wrong. */
  readonly props?: BrokerPolicyProps;
  readonly source: PolicySource;
  readonly findings: BrokerPolicyFinding[];
}

/** What the text says, or what is wrong with it. */
function read(text: string, fileName: string): Read {
  const json = new JsonSource(String(text).replace(/^\uFEFF/, ''));
  const source = { fileName, json };
  if (json.value === undefined) return { source, findings: syntaxOf(source) };
  const wrong = (found: readonly Finding[]) => ({ source, findings: located(found, source) });
  const shape = schemaFindings(json.value);
  if (shape.length) return wrong(shape);
  const findings = new Findings();
  const props = new PolicyReader(findings).props(json.value);
  if (findings.all.length) return wrong(findings.all);
  const deep = deepFindings(props);
  return deep.length ? wrong(deep) : { props, source, findings: [] };
}

/** What the constructs say: each is declared once, in an app that is thrown away. */
function deepFindings(props: BrokerPolicyProps): Finding[] {
  const findings = new Findings();
  checkReferences(props, findings);
  if (findings.all.length === 0) compose(new Chart(new App(), 'policy'), props, { probe: true }, findings);
  return findings.all;
}
