#!/usr/bin/env bash
# Builds promtool, and the program of this folder (what Alertmanager makes of a time), into ~/.cache/cdk8s-secure-debug, once for each
# state of the sources, and prints the folder that they are in. The first time takes some minutes.
# "build.sh --if-there" prints it only if they are built, and never builds.
set -euo pipefail
cd "$(dirname "$0")"
state=$(cat go.mod go.sum ./*.go | sha256sum | cut -c1-12)
directory=${CDK8S_SECURE_DEBUG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdk8s-secure-debug}/prometheus/$state
if [[ ! -x $directory/promtool || ! -x $directory/muted ]]; then
  if [[ ${1:-} == --if-there ]]; then exit 1; fi
  mkdir -p "$directory"
  exec 9>"$directory/.lock"
  flock 9
  if [[ ! -x $directory/promtool || ! -x $directory/muted ]]; then
    echo 'building promtool and the judge of time intervals' >&2
    CGO_ENABLED=0 nice -n 10 go build -trimpath -ldflags '-s -w' -o "$directory/.muted" . >&2
    CGO_ENABLED=0 nice -n 10 go build -tags remove_all_sd -trimpath -ldflags '-s -w' -o "$directory/.promtool" github.com/prometheus/prometheus/cmd/promtool >&2
    mv "$directory/.muted" "$directory/muted"
    mv "$directory/.promtool" "$directory/promtool"
  fi
fi
echo "$directory"
