#!/usr/bin/env bash
# Writes API.md. jsii-docgen looks for assemblies in every folder below the one it runs in and follows links, and in an npm
# workspace node_modules links to this folder: it would go round until the kernel stops it. So it runs in a folder that has
# nothing but this assembly and those it refers to.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp package.json .jsii "$scratch/"
mkdir "$scratch/node_modules"
for name in cdk8s cdk8s-plus-28 constructs; do
  ln -s "$root/node_modules/$name" "$scratch/node_modules/$name"
done
cd "$scratch"
"$root/node_modules/.bin/jsii-docgen" -o "$root/API.md"
