import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.elasticsearch.common.logging.internal.LoggerFactoryImpl;
import org.elasticsearch.license.XPackLicenseState;
import org.elasticsearch.logging.internal.spi.LoggerFactory;
import org.elasticsearch.xpack.esql.analysis.Analyzer;
import org.elasticsearch.xpack.esql.analysis.AnalyzerContext;
import org.elasticsearch.xpack.esql.analysis.EnrichResolution;
import org.elasticsearch.xpack.esql.analysis.Verifier;
import org.elasticsearch.xpack.esql.core.type.DataType;
import org.elasticsearch.xpack.esql.core.type.EsField;
import org.elasticsearch.xpack.esql.expression.function.EsqlFunctionRegistry;
import org.elasticsearch.xpack.esql.index.EsIndex;
import org.elasticsearch.xpack.esql.index.IndexResolution;
import org.elasticsearch.xpack.esql.inference.InferenceResolution;
import org.elasticsearch.xpack.esql.parser.EsqlParser;
import org.elasticsearch.xpack.esql.session.Configuration;
import org.elasticsearch.xpack.esql.telemetry.Metrics;

/**
 * What Elasticsearch's own parser and analyzer say of ES|QL queries, with the fields that Elastic's Kubernetes integration
 * documents for its data stream audit_logs. Started by Lenient, since the module that runs plans is not published.
 */
public class Esql {
  private static final String AUDIT = "kubernetes.audit.";
  private static final List<String> KEYWORDS = List.of("auditID", "stage", "verb", "requestURI", "user.username", "impersonatedUser.username", "userAgent",
      "objectRef.resource", "objectRef.subresource", "objectRef.apiGroup", "objectRef.namespace", "objectRef.name");
  /** Annotations are mapped when one of the name first comes; dots are underscores by then. */
  private static final List<String> ANNOTATIONS = List.of("authorization_k8s_io/decision", "authorization_k8s_io/reason", "validation_policy_admission_k8s_io/validation_failure");

  private static void field(Map<String, EsField> fields, String path, String type) {
    String[] steps = path.split("\\.");
    for (int i = 0; i < steps.length - 1; i++) {
      fields = fields.computeIfAbsent(steps[i], name -> new EsField(name, DataType.OBJECT, new TreeMap<>(), false)).getProperties();
    }
    String last = steps[steps.length - 1];
    fields.put(last, new EsField(last, DataType.fromEs(type), new TreeMap<>(), true));
  }

  private static void check(String query) {
    Map<String, EsField> fields = new TreeMap<>();
    KEYWORDS.forEach(name -> field(fields, AUDIT + name, "keyword"));
    ANNOTATIONS.forEach(name -> field(fields, AUDIT + "annotations." + name, "text"));
    field(fields, AUDIT + "responseStatus.code", "integer");
    field(fields, AUDIT + "requestReceivedTimestamp", "date");
    Configuration configuration = new Configuration(ZoneOffset.UTC, Locale.US, "alice", "here", null, 10_000, 1_000, query, false, Map.of(), 0, false);
    EsqlFunctionRegistry functions = new EsqlFunctionRegistry();
    AnalyzerContext context = new AnalyzerContext(configuration, functions, IndexResolution.valid(new EsIndex("logs-kubernetes.audit_logs-*", fields)),
        new EnrichResolution(), InferenceResolution.EMPTY);
    new Analyzer(context, new Verifier(new Metrics(functions), new XPackLicenseState(() -> 0))).analyze(new EsqlParser().createStatement(query, configuration));
  }

  public static void main(String[] files) throws Exception {
    LoggerFactory.setInstance(new LoggerFactoryImpl());
    String from = "FROM logs-kubernetes.audit_logs-* ";
    for (String wrong : List.of("| WHERE nothing == 1", "| EVAL a = COALESCE(" + AUDIT + "responseStatus.code, \"\")", "| WHERE STARTS_WITH(" + AUDIT + "verb)", "| SORTED x", "| WHERE " + AUDIT + "verb == \"\\u0061\"")) {
      try {
        check(from + wrong);
      } catch (RuntimeException refused) {
        continue;
      }
      throw new IllegalStateException("esql: the analyzer takes " + wrong);
    }
    int complaints = 0;
    for (String file : files) {
      try {
        check(Files.readString(Path.of(file)));
      } catch (RuntimeException refused) {
        complaints++;
        System.out.println(Path.of(file).getFileName() + ": " + refused.getMessage());
      }
    }
    System.out.println("esql: " + files.length + " queries parsed and analyzed by Elasticsearch's own code, " + complaints + " complaints");
    System.exit(files.length > 0 && complaints == 0 ? 0 : 1);
  }
}
