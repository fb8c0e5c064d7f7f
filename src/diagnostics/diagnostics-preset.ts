import { exactPath, PathRule, soundsDangerous } from './diagnostics-path';
import { CONTRACT_PATHS } from './ports';
import { reject } from '../private/errors';
import { each } from '../private/validate';

const SECRETS = 'contains what is in memory: keys, tokens, data of customers';
const SETTINGS = 'may show passwords and tokens that the process was started with';

const read = (path: string, query?: { [name: string]: number }): PathRule => ({ path, ...query && { query } });
const danger = (path: string, why: string, more: Partial<PathRule> = {}): PathRule => ({ path, danger: why, ...more });

/**
 * Paths of a kind of diagnostics: what only reads, and shows no secrets, is passed on; what is dangerous is known, and passed on
 * when a DiagnosticsEndpoint names it with a reason. Paths are exact: nothing below them is meant.
 */
export class DiagnosticsPreset {
  /**
   * What every application can say about itself, and what DiagnosticsService shows: `/debug/info`, `/debug/health`,
   * `/debug/errors`. Their shapes are in assets/diagnostics/contract.schema.json.
   */
  public static contract(): DiagnosticsPreset {
    return new DiagnosticsPreset('contract', CONTRACT_PATHS.map(path => read(path)));
  }

  /**
   * Go's net/http/pprof. Profiles and traces take up to 30 seconds (`?seconds=30`). The heap profile names where memory was
   * allocated, and has none of its contents. Dangerous: `/debug/pprof/cmdline`.
   *
   * @see https://pkg.go.dev/net/http/pprof
   */
  public static goPprof(): DiagnosticsPreset {
    const profile = { debug: 2, seconds: 30 };
    return new DiagnosticsPreset('Go pprof', [
      read('/debug/pprof/'),
      ...['allocs', 'block', 'goroutine', 'mutex', 'threadcreate'].map(name => read(`/debug/pprof/${name}`, profile)),
      read('/debug/pprof/heap', { ...profile, gc: 1 }),
      read('/debug/pprof/profile', { seconds: 30 }),
      read('/debug/pprof/trace', { seconds: 30 }),
      danger('/debug/pprof/cmdline', SETTINGS),
    ]);
  }

  /** Prometheus metrics, at `/metrics`. */
  public static prometheus(): DiagnosticsPreset {
    return new DiagnosticsPreset('Prometheus', [read('/metrics')]);
  }

  /**
   * Node.js without its inspector, as in examples/diagnostics/app.js: `/debug/report`, a diagnostic report, which the application
   * has to make without the environment: it leaves out `environmentVariables`. Dangerous: `/debug/heap-snapshot`, by POST.
   *
   * @see https://nodejs.org/api/report.html
   */
  public static node(): DiagnosticsPreset {
    return new DiagnosticsPreset('Node.js', [read('/debug/report'), danger('/debug/heap-snapshot', SECRETS, { method: 'POST' })]);
  }

  /**
   * Spring Boot Actuator on a management port of its own (`management.server.port`, `management.server.address=127.0.0.1`), under
   * `/actuator`. Dangerous: `env`, `configprops`, `heapdump`, `httpexchanges`, `logfile`, `sessions`, and `shutdown`, by POST. From
   * Spring Boot 3.5 on the application itself has to allow `heapdump` and `shutdown`, by `management.endpoint.<id>.access`.
   *
   * @see https://docs.spring.io/spring-boot/reference/actuator/endpoints.html
   */
  public static actuator(): DiagnosticsPreset {
    return new DiagnosticsPreset('Actuator', [
      ...['', '/health', '/info', '/metrics', '/prometheus', '/threaddump', '/loggers', '/mappings', '/conditions', '/beans', '/caches', '/scheduledtasks']
        .map(path => read(`/actuator${path}`)),
      danger('/actuator/configprops', SETTINGS),
      danger('/actuator/env', SETTINGS),
      danger('/actuator/heapdump', SECRETS),
      danger('/actuator/httpexchanges', 'shows requests of customers'),
      danger('/actuator/logfile', 'shows whatever was logged'),
      danger('/actuator/sessions', 'shows sessions of customers'),
      danger('/actuator/shutdown', 'ends the application', { method: 'POST' }),
    ]);
  }

  /**
   * dotnet-monitor beside the application, on loopback without TLS and keys (`--urls http://127.0.0.1:52323 --no-auth`), since the
   * proxy has found out who asks. `/stacks` needs its in-process features. Dangerous: `/dump`, `/gcdump`, `/trace`, `/logs`, `/exceptions`,
   * `/env`, and `/process`, which has the command line.
   *
   * @see https://github.com/dotnet/dotnet-monitor/blob/main/documentation/api/README.md
   */
  public static dotnetMonitor(): DiagnosticsPreset {
    const one = { pid: 999_999_999 };
    const timed = { ...one, durationSeconds: 30 };
    return new DiagnosticsPreset('dotnet-monitor', [
      read('/info'), read('/processes'), read('/livemetrics', timed), read('/collectionrules', one), read('/stacks', one),
      danger('/dump', SECRETS, { query: one }),
      danger('/gcdump', SECRETS, { query: one }),
      danger('/trace', 'may show data of customers', { query: timed }),
      danger('/logs', 'shows whatever is logged', { query: timed }),
      danger('/exceptions', 'has the messages of exceptions, with data of customers', { query: one }),
      danger('/process', SETTINGS, { query: one }),
      danger('/env', SETTINGS, { query: one }),
    ]);
  }

  /**
   * Paths of your own, by GET and without a query. They must only read.
   *
   * @param paths such as `/debug/queues`; exact
   * @throws on `..`, encoded characters, wildcards, a query, paths of the proxy, and on names that are known to be dangerous
   */
  public static custom(paths: string[]): DiagnosticsPreset {
    const where = 'DiagnosticsPreset.custom';
    each(where, 'paths', paths, 'path', (field, value) => {
      exactPath(where, field, value);
      if (soundsDangerous(value)) {
        reject({ where, field, value, problem: 'is known to hand out secrets or to change the application', fix: 'use DiagnosticsPreset.customDangerous(…), and name it with a reason in the endpoint' });
      }
      return value;
    });
    return new DiagnosticsPreset('paths', paths.map(path => read(path)));
  }

  /**
   * A path of your own that is dangerous: it is passed on when an endpoint names it with a reason.
   *
   * @param path exact, such as `/debug/dump`
   * @param post whether it is asked by POST
   * @default - by GET
   * @throws as `custom` does
   */
  public static customDangerous(path: string, post?: boolean): DiagnosticsPreset {
    exactPath('DiagnosticsPreset.customDangerous', 'path', path);
    return new DiagnosticsPreset('paths', [danger(path, 'is declared as dangerous', post ? { method: 'POST' } : {})]);
  }

  /** Of what. */
  public readonly name: string;
  /** What is passed on without more. */
  public readonly paths: string[];
  /** What an endpoint has to name with a reason. */
  public readonly dangerousPaths: string[];
  /** @internal */
  public readonly _rules: PathRule[];

  private constructor(name: string, rules: PathRule[]) {
    this.name = name;
    this._rules = rules;
    this.paths = rules.filter(rule => !rule.danger).map(rule => rule.path);
    this.dangerousPaths = rules.filter(rule => rule.danger).map(rule => rule.path);
  }
}
