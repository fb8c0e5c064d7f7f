"""The quick start in Python; it synthesizes the same bytes as main.ts.

    pip install cdk8s-secure-debug
    python main.py [OUTDIR]
"""
import os
import sys

from cdk8s import App, Chart, Duration
from cdk8s_secure_debug import (
    AccessMatrix, AuditPolicy, ControlPlane, DebugContainerCleanup, DefaultDenyNetwork, NetworkAllow, NetworkPort, OnCallDebugAccess,
)

outdir = sys.argv[1] if len(sys.argv) > 1 else "out"
app = App(outdir=os.path.join(outdir, "manifests"))
chart = Chart(app, "payments")

oncall = OnCallDebugAccess(chart, "oncall", namespace="payments", group="oncall-payments")

DefaultDenyNetwork(chart, "fence", namespace="payments", allow=[
    NetworkAllow.dns(),
    NetworkAllow.between_pods(
        from_={"app": "api"}, to={"app": "ledger"}, ports=[NetworkPort.tcp(8443)], name="api-to-ledger", reason="the API books payments in the ledger",
    ),
])

DebugContainerCleanup(chart, "gc", namespaces=["payments"], max_age=Duration.hours(1))

control_plane = ControlPlane(outdir=os.path.join(outdir, "control-plane"))
AuditPolicy(control_plane, "audit", access=[oncall])

app.synth()
control_plane.synth()

matrix = AccessMatrix.of(app)
with open(os.path.join(outdir, "access-matrix.html"), "w", encoding="utf-8") as page:
    page.write(matrix.to_html())
print(matrix.to_text())
