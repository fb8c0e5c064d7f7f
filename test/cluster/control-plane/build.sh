#!/usr/bin/env bash
# Usage: build.sh [--no-node] [all | VERSION... | cyclonus]
# Builds Kubernetes (1.37 or 1.37.1; default: the newest of versions.txt), etcd and containerd from their Go modules into
# the cache, and installs the few Debian packages a node needs. What is there already is left alone, so that a second
# run takes no time. Programs in KUBEBUILDER_ASSETS are used where their version is the wanted one.
# With --no-node, only what a control plane without a node needs. cyclonus is a simulator of network policies and needs
# no cluster; it may stand beside versions.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

work= # the folder of the build that is under way

# go_mod MODULE VERSION: a main module to build it in. Of its own go.mod it repeats the "go" line (without one, Go loads
# even modules that nothing is compiled from) and, for Kubernetes, names a release of each staging module: those are
# required at v0.0.0 and replaced by folders of its repository, and v0.37.1 is what belongs to v1.37.1.
go_mod() {
  local json file
  json=$(go mod download -json "$1@v$2") || { log "$json"; return 1; }
  file=$(sed -n 's/^\t"GoMod": "\(.*\)",$/\1/p' <<<"$json")
  printf 'module build\nrequire %s v%s\n' "$1" "$2"
  awk -v staging="v0.${2#*.}" '
    $1 == "go" || $1 == "godebug" { print }
    $1 ~ /^k8s\.io\// && $2 == "v0.0.0" { print "replace", $1, "=>", $1, staging }' "$file"
}

in_module() { (cd "$work" && GOFLAGS=-mod=mod GOWORK=off CGO_ENABLED=0 nice -n 10 "$@"); }

# download MODULE VERSION PACKAGE...: all that is needed, so that the build itself needs no network.
download() {
  if go_mod "$1" "$2" >"$work/go.mod" && in_module go list -deps "${@:3}" >"$work/packages" 2>"$work/log"; then return; fi
  if [[ -e $work/log ]]; then tail -n 5 "$work/log" >&2; fi
  return 1
}

compile() { GOPROXY=off in_module go build -v -trimpath -ldflags "-s -w $1" -o bin/ "${@:2}" 2>&1; }

# Reads the package names that "go build -v" prints, and counts them aloud.
progress() {
  local what=$1 total line count=0 began=$SECONDS
  total=$(wc -l <"$work/packages")
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$work/log"
    count=$((count + 1))
    if [[ -t 2 ]]; then
      printf '\r  %s: %d packages compiled of at most %d, %d s ' "$what" "$count" "$total" $((SECONDS - began)) >&2
    elif ((count % 250 == 0)); then
      log "  $what: $count packages compiled of at most $total, $((SECONDS - began)) s"
    fi
  done
  if [[ -t 2 ]]; then printf '\n' >&2; fi
}

# go_build MODULE VERSION DIRECTORY LDFLAGS PROGRAM=PACKAGE...: only finished programs reach DIRECTORY.
go_build() {
  local what="${1#*/} $2" directory=$3 programs=() packages program base
  if (($# == 4)); then return; fi
  flock -n 8 || { log "waiting for another build"; flock 8; }
  for program in "${@:5}"; do # that other build may have made them
    [[ -x $directory/${program%%=*} ]] || programs+=("$program")
  done
  if ((${#programs[@]} == 0)); then return; fi
  packages=("${programs[@]#*=}")
  command -v go >/dev/null || unsupported "Go is not installed, and $what is not built."

  log "building $what: ${programs[*]%%=*}"
  mkdir -p "$directory"
  work=$(mktemp -d "$directory/.build-XXXXXX")
  retry 4 download "$1" "$2" "${packages[@]}" || die "downloading the modules of $what failed"
  compile "$4" "${packages[@]}" | progress "$what" || die "building $what failed: $(tail -n 20 "$work/log")"
  for program in "${programs[@]}"; do
    base=${program#*=}
    base=${base%/v[0-9]} # go build names a program by the last part of its package that is no version
    mv "$work/bin/${base##*/}" "$directory/${program%%=*}"
  done
  rm -rf "$work"
}

# missing VERSION PREFIX PROGRAM...: "PROGRAM=PREFIX/PROGRAM" for those that are not there yet.
missing() {
  local program
  for program in "${@:3}"; do
    find_program "$program" "$1" >/dev/null || printf '%s=%s/%s\n' "$program" "$2" "$program"
  done
}

build_kubernetes() {
  local version=$1 programs=("${@:2}") minor stamp='' variable
  mapfile -t programs < <(missing "$version" k8s.io/kubernetes/cmd "${programs[@]}")
  minor=${version#1.}
  for variable in k8s.io/component-base/version k8s.io/client-go/pkg/version; do # the second is in the user agent
    stamp+=" -X $variable.gitVersion=v$version -X $variable.gitMajor=1 -X $variable.gitMinor=${minor%%.*}"
  done
  go_build k8s.io/kubernetes "$version" "$cache/k8s/$version" "$stamp" "${programs[@]}"
}

build_etcd() {
  local version _
  if find_program etcd "$1" >/dev/null; then return; fi
  read -r version _ < <(table etcd)
  go_build go.etcd.io/etcd/server/v3 "$version" "$cache/etcd/$version" '' etcd=go.etcd.io/etcd/server/v3
}

build_containerd() {
  local version _ programs module=github.com/containerd/containerd/v2
  read -r version _ < <(table containerd)
  mapfile -t programs < <(missing "$1" "$module/cmd" containerd containerd-shim-runc-v2 ctr)
  go_build "$module" "$version" "$cache/containerd/$version" "-X $module/version.Version=$version" "${programs[@]}"
}

build_cyclonus() {
  local version _ module=github.com/mattfenwick/cyclonus
  read -r version _ < <(table cyclonus)
  if [[ -x $cache/cyclonus/$version/cyclonus ]]; then return; fi
  go_build "$module" "$version" "$cache/cyclonus/$version" '' "cyclonus=$module/cmd/cyclonus"
}

# What a node needs from the distribution, each as a file to look for and the Debian package that has it.
install_packages() {
  local entry packages=()
  for entry in runc=runc busybox=busybox-static iptables=iptables openssl=openssl ip=iproute2 unshare=util-linux \
    /usr/lib/cni/ptp=containernetworking-plugins; do
    command -v "${entry%%=*}" >/dev/null || packages+=("${entry#*=}")
  done
  if ((${#packages[@]} == 0)); then return; fi
  if ((EUID != 0)); then
    log "not root: did not install ${packages[*]}, without which there is no node"
    return
  fi
  command -v apt-get >/dev/null || unsupported "it has no apt-get to install ${packages[*]}."
  log "installing ${packages[*]}"
  retry 4 apt-get -qq update
  DEBIAN_FRONTEND=noninteractive retry 4 apt-get -qq install --no-install-recommends "${packages[@]}" >/dev/null
}

main() {
  local programs=(kubectl kube-apiserver kube-controller-manager kube-scheduler) with_node=yes
  if [[ ${1:-} == --no-node ]]; then
    with_node=no
    shift
  fi
  if [[ ${1:-} == -* ]]; then usage; fi
  if [[ $with_node == yes ]]; then programs+=(kubelet kube-proxy); fi
  local want version versions=() parts simulator=no
  if [[ ${1:-} == all ]]; then
    simulator=yes
    mapfile -t versions < <(awk '$1 == "kubernetes" { print $2 }' "$here/versions.txt")
  else
    for want in "${@:-}"; do
      if [[ $want == cyclonus ]]; then simulator=yes; continue; fi
      version=$(resolve_version "$want")
      versions+=("$version")
    done
  fi

  mkdir -p "$cache"
  exec 8>"$cache/build.lock"
  trap 'if [[ -n $work ]]; then rm -rf "$work"; fi' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM

  if [[ $simulator == yes ]]; then build_cyclonus; fi
  for version in "${versions[@]}"; do
    read -r _ parts < <(table kubernetes "$version") || parts=cluster
    if [[ $parts == kubectl ]]; then
      build_kubernetes "$version" kubectl
    else
      build_kubernetes "$version" "${programs[@]}"
      build_etcd "$version"
      if [[ $with_node == yes ]]; then build_containerd "$version"; fi
      install_packages
    fi
  done
}

main "$@"
