#!/usr/bin/env bash
# Builds the collector of this folder into ~/.cache/cdk8s-secure-debug, once for each state of its sources, and prints its path.
# The first time takes some minutes. "build.sh --if-there" prints the path only if it is built, and never builds.
set -euo pipefail
cd "$(dirname "$0")"
state=$({ cat go.mod go.sum ./*.go; find . -mindepth 2 \( -name '*.go' -o -name go.mod \) | LC_ALL=C sort | xargs -r cat; } | sha256sum | cut -c1-12)
directory=${CDK8S_SECURE_DEBUG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdk8s-secure-debug}/otelcol/$state
if [[ ! -x $directory/otelcol ]]; then
  if [[ ${1:-} == --if-there ]]; then exit 1; fi
  mkdir -p "$directory"
  exec 9>"$directory/.lock"
  flock 9
  if [[ ! -x $directory/otelcol ]]; then
    echo 'building the collector' >&2
    CGO_ENABLED=0 nice -n 10 go build -trimpath -ldflags '-s -w' -o "$directory/.otelcol" . >&2
    mv "$directory/.otelcol" "$directory/otelcol"
  fi
fi
echo "$directory/otelcol"
