module github.com/cdk8s-secure-debug/cdk8s-secure-debug/cli/tools/languages/cloud-logging

go 1.24

require go.einride.tech/aip v0.73.0

require (
	google.golang.org/genproto/googleapis/api v0.0.0-20250324211829-b45e905df463 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20250324211829-b45e905df463 // indirect
	google.golang.org/protobuf v1.36.6 // indirect
)
