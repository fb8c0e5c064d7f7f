#!/usr/bin/env bash
# Builds Loki into ~/.cache/cdk8s-secure-debug, once for each state of go.mod, and prints its path. It is for tests: nothing of it is part
# of what is published. The first time takes many minutes. "build.sh --if-there" prints the path only if it is built, and never builds.
set -euo pipefail
cd "$(dirname "$0")"
state=$(cat go.mod go.sum | sha256sum | cut -c1-12)
directory=${CDK8S_SECURE_DEBUG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdk8s-secure-debug}/loki/$state
if [[ ! -x $directory/loki ]]; then
  if [[ ${1:-} == --if-there ]]; then exit 1; fi
  mkdir -p "$directory"
  exec 9>"$directory/.lock"
  flock 9
  if [[ ! -x $directory/loki ]]; then
    echo 'building Loki' >&2
    CGO_ENABLED=0 nice -n 10 go build -trimpath -ldflags '-s -w' -o "$directory/.loki" github.com/grafana/loki/v3/cmd/loki >&2
    mv "$directory/.loki" "$directory/loki"
  fi
fi
echo "$directory/loki"
