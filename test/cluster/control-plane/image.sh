#!/usr/bin/env bash
# Usage: image.sh DIR TAG --program PATH... [--add FILE:PATH...] [--entrypoint JSON] [--command JSON]
# Puts an image on the node of the cluster in DIR, made without a container engine or a registry: each program of this
# host lands in /bin with the shared libraries it needs (busybox with all its commands), each file at its path.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

add_program() {
  local path library
  path=$(command -v "$1") || die "no program $1 on this host"
  install -D -m 755 "$path" "$root/bin/${path##*/}"
  # ldd fails on a static program, and names the libraries of others: "libc.so.6 => /lib/…/libc.so.6 (0x…)".
  while read -r library; do
    install -D -m 755 "$library" "$root$library"
  done < <(ldd "$path" 2>/dev/null | grep -o '/[^ ]*')
  if [[ ${path##*/} == busybox ]]; then
    chroot "$root" /bin/busybox --install -s /bin
  fi
}

main() {
  (($# >= 4)) || usage
  dir=$(readlink -m -- "$1")
  local tag=$2 entrypoint=null command='["sh"]' digest config init
  shift 2
  [[ -s $dir/node/init ]] || die "no node in $dir"

  work=$(mktemp -d "$dir/node/image-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  root=$work/root
  mkdir -p "$root"/{bin,etc,root} "$work/image"
  mkdir -m 1777 "$root/tmp"
  printf '%s\n' root:x:0:0:root:/root:/bin/sh nobody:x:65534:65534:nobody:/:/bin/sh >"$root/etc/passwd"
  printf '%s\n' root:x:0: nobody:x:65534: >"$root/etc/group"
  while (($# > 0)); do
    (($# > 1)) || die "$1 wants a value"
    case $1 in
      --program) add_program "$2" ;;
      --add) install -D -m 755 "${2%%:*}" "$root/${2#*:}" ;;
      --entrypoint) entrypoint=$2 ;;
      --command) command=$2 ;;
      *) die "unknown option $1" ;;
    esac
    shift 2
  done

  # The layout of "docker save": one layer, its config, and a manifest that names both.
  tar --create --file="$work/image/layer.tar" --directory="$root" --owner=0 --group=0 --sort=name --mtime=@0 .
  digest=$(sha256sum <"$work/image/layer.tar")
  config=$(printf '{"architecture":"%s","os":"linux","config":{"Entrypoint":%s,"Cmd":%s,"Env":["PATH=/bin"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$(go_architecture)" "$entrypoint" "$command" "${digest%% *}")
  printf '%s' "$config" >"$work/image/config.json"
  printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$tag" >"$work/image/manifest.json"
  tar --create --file="$work/image.tar" --directory="$work/image" config.json layer.tar manifest.json

  init=$(<"$dir/node/init")
  "$(find_program ctr "$(sed -n 's/^KUBERNETES_VERSION=//p' "$dir/cluster.env")")" \
    --address "/proc/$init/root/run/containerd/containerd.sock" --namespace k8s.io \
    images import "$work/image.tar" >"$dir/log/image.log" 2>&1 || die "import of $tag failed: $dir/log/image.log"
}

go_architecture() {
  case $(uname -m) in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    *) uname -m ;;
  esac
}

main "$@"
