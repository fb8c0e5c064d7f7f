#!/usr/bin/env bash
# Checks what the examples synthesize, as committed under examples/*/expected:
#   kubeconform -strict against the schemas of the oldest and the newest supported Kubernetes,
#   kube-score on the workloads this library itself brings.
# Both tools are built from the versions pinned in tools/go.mod.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${XDG_CACHE_HOME:-$HOME/.cache}/cdk8s-secure-debug/tools
mkdir -p "$bin"
(cd tools && go build -o "$bin/" github.com/yannh/kubeconform/cmd/kubeconform github.com/zegl/kube-score/cmd/kube-score)

# Objects of Argo CD, Flux and the Prometheus operator have their schemas in their own projects.
skip=Application,ApplicationSet,GitRepository,Kustomization,PrometheusRule
mapfile -t files < <(find examples/*/expected -name '*.k8s.yaml' | LC_ALL=C sort)
[ "${#files[@]}" -gt 0 ] || { echo 'no manifests under examples/*/expected' >&2; exit 1; }

for version in test/schemas/v*; do
  echo "kubeconform -strict, Kubernetes ${version##*/v} (kinds of other projects, not checked: $skip)"
  "$bin/kubeconform" -strict -summary -skip "$skip" -kubernetes-version "${version##*/v}" \
    -schema-location 'test/schemas/{{ .NormalizedKubernetesVersion }}/{{ .ResourceKind }}{{ .KindSuffix }}.json' "${files[@]}"
done

# Deliberately not followed, with the reason:
#   container-image-pull-policy: images are pinned, so IfNotPresent gives the same bytes and works while a registry is down.
#   networkpolicy-targets-pod: the fence is for the team's pods, which are not in these manifests.
echo 'kube-score on our own workloads'
"$bin/kube-score" score --ignore-test container-image-pull-policy --ignore-test networkpolicy-targets-pod \
  --output-format ci examples/{quick-start,guardrails}/expected/manifests/*.k8s.yaml
