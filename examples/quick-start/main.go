// The quick start in Go; it synthesizes the same bytes as main.ts. The argument is the output folder.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/jsii-runtime-go"
	secure "github.com/cdk8s-secure-debug/cdk8s-secure-debug-go/cdk8ssecuredebug"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
)

func main() {
	defer jsii.Close()
	outdir := "out"
	if len(os.Args) > 1 {
		outdir = os.Args[1]
	}
	app := cdk8s.NewApp(&cdk8s.AppProps{Outdir: jsii.String(filepath.Join(outdir, "manifests"))})
	chart := cdk8s.NewChart(app, jsii.String("payments"), nil)

	oncall := secure.NewOnCallDebugAccess(chart, jsii.String("oncall"), &secure.OnCallDebugAccessProps{
		Namespace: jsii.String("payments"), Group: jsii.String("oncall-payments"),
	})

	secure.NewDefaultDenyNetwork(chart, jsii.String("fence"), &secure.DefaultDenyNetworkProps{
		Namespace: jsii.String("payments"),
		Allow: &[]secure.NetworkAllow{
			secure.NetworkAllow_Dns(nil),
			secure.NetworkAllow_BetweenPods(&secure.BetweenPodsAllowOptions{
				From:   &map[string]*string{"app": jsii.String("api")},
				To:     &map[string]*string{"app": jsii.String("ledger")},
				Ports:  &[]secure.NetworkPort{secure.NetworkPort_Tcp(jsii.Number(8443))},
				Name:   jsii.String("api-to-ledger"),
				Reason: jsii.String("the API books payments in the ledger"),
			}),
		},
	})

	secure.NewDebugContainerCleanup(chart, jsii.String("gc"), &secure.DebugContainerCleanupProps{
		Namespaces: jsii.Strings("payments"), MaxAge: cdk8s.Duration_Hours(jsii.Number(1)),
	})

	controlPlane := secure.NewControlPlane(&secure.ControlPlaneProps{Outdir: jsii.String(filepath.Join(outdir, "control-plane"))})
	secure.NewAuditPolicy(controlPlane, jsii.String("audit"), &secure.AuditPolicyProps{Access: &[]secure.IDebugAccess{oncall}})

	app.Synth()
	controlPlane.Synth()

	matrix := secure.AccessMatrix_Of(app, nil)
	if err := os.WriteFile(filepath.Join(outdir, "access-matrix.html"), []byte(*matrix.ToHtml()), 0o644); err != nil {
		panic(err)
	}
	fmt.Println(*matrix.ToText())
}
