import io.github.cdk8s_secure_debug.AccessMatrix;
import io.github.cdk8s_secure_debug.AuditPolicy;
import io.github.cdk8s_secure_debug.BetweenPodsAllowOptions;
import io.github.cdk8s_secure_debug.ControlPlane;
import io.github.cdk8s_secure_debug.ControlPlaneProps;
import io.github.cdk8s_secure_debug.DebugContainerCleanup;
import io.github.cdk8s_secure_debug.DefaultDenyNetwork;
import io.github.cdk8s_secure_debug.NetworkAllow;
import io.github.cdk8s_secure_debug.NetworkPort;
import io.github.cdk8s_secure_debug.OnCallDebugAccess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.cdk8s.App;
import org.cdk8s.AppProps;
import org.cdk8s.Chart;
import org.cdk8s.Duration;

/**
 * The quick start in Java; it synthesizes the same bytes as main.ts. The dependency is
 * io.github.cdk8s-secure-debug:cdk8s-secure-debug; the argument is the output folder.
 */
public final class Main {
    public static void main(String[] args) throws IOException {
        Path outdir = Path.of(args.length > 0 ? args[0] : "out");
        App app = new App(AppProps.builder().outdir(outdir.resolve("manifests").toString()).build());
        Chart chart = new Chart(app, "payments");

        OnCallDebugAccess oncall = OnCallDebugAccess.Builder.create(chart, "oncall").namespace("payments").group("oncall-payments").build();

        DefaultDenyNetwork.Builder.create(chart, "fence").namespace("payments").allow(List.of(
            NetworkAllow.dns(),
            NetworkAllow.betweenPods(BetweenPodsAllowOptions.builder()
                .from(Map.of("app", "api")).to(Map.of("app", "ledger")).ports(List.of(NetworkPort.tcp(8443)))
                .name("api-to-ledger").reason("the API books payments in the ledger").build()))).build();

        DebugContainerCleanup.Builder.create(chart, "gc").namespaces(List.of("payments")).maxAge(Duration.hours(1)).build();

        ControlPlane controlPlane = new ControlPlane(ControlPlaneProps.builder().outdir(outdir.resolve("control-plane").toString()).build());
        AuditPolicy.Builder.create(controlPlane, "audit").access(List.of(oncall)).build();

        app.synth();
        controlPlane.synth();

        AccessMatrix matrix = AccessMatrix.of(app);
        Files.writeString(outdir.resolve("access-matrix.html"), matrix.toHtml());
        System.out.println(matrix.toText());
    }

    private Main() {}
}
