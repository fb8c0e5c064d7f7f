#!/usr/bin/env bash
# Usage: user.sh DIR NAME [GROUP...]
# Makes a person of the cluster in DIR: a client certificate with that name and those groups, valid for 30 days, in
# DIR/users/NAME.kubeconfig, whose path it prints.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

main() {
  (($# >= 2)) || usage
  dir=$(readlink -m -- "$1")
  local name=$2 group subject=''
  [[ $name =~ ^[A-Za-z0-9._@:-]+$ ]] || die "a user's name has letters, digits and ._@:- only: $name"
  [[ -s $dir/pki/ca.key ]] || die "no cluster in $dir"
  shift 2
  for group in "$@"; do subject+="/O=${group//\//\\/}"; done
  sign "user-$name" "$subject/CN=$name"
  write_kubeconfig "$dir/users/$name.kubeconfig" "$(sed -n 's/^SERVER=//p' "$dir/cluster.env")" "user-$name"
  printf '%s\n' "$dir/users/$name.kubeconfig"
}

main "$@"
