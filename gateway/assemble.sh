#!/usr/bin/env bash
# Usage: assemble.sh DIR TAG
# Puts the image of the gateway on the node of the test cluster in DIR, under the name TAG, without a container engine: what the
# Dockerfile takes from Debian packages (sshd, a shell) and Node.js is taken from this host's, the rest is the same. Where the Dockerfile
# was built, DEBUG_GATEWAY_ARCHIVE names the image instead, as an archive of "docker save" that has it under TAG.
set -euo pipefail
(($# == 2)) || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
cd "$(dirname -- "${BASH_SOURCE[0]}")"

if [[ ${DEBUG_GATEWAY_ARCHIVE:-} ]]; then
  # shellcheck source=../test/cluster/control-plane/lib.sh
  source ../test/cluster/control-plane/lib.sh
  exec "$(find_program ctr "$(sed -n 's/^KUBERNETES_VERSION=//p' "$1/cluster.env")")" \
    --address "/proc/$(<"$1/node/init")/root/run/containerd/containerd.sock" --namespace k8s.io images import "$DEBUG_GATEWAY_ARCHIVE"
fi

PATH=$PATH:/usr/sbin
sshd=$(command -v sshd) || { echo 'assemble.sh: there is no sshd. Fix: apt-get install openssh-server' >&2; exit 2; }
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
../node_modules/.bin/esbuild src/main.ts --bundle --platform=node --target=node20 --outfile="$built/session.js" --log-level=warning
../test/cluster/control-plane/image.sh "$1" "$2" --program busybox --program "$(node -p process.execPath)" --program "$sshd" \
  --add image/passwd:/etc/passwd --add image/group:/etc/group --add image/gateway:/opt/secure-debug/gateway --add image/session:/opt/secure-debug/session \
  --add "$built/session.js:/opt/secure-debug/session.js"
