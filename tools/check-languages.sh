#!/usr/bin/env bash
# Runs the quick start with the packages for Java and Go, as their users do: the YAML must be the same, byte by byte, as from
# TypeScript. Compiles and runs the snippets of docs/ too. What cannot be had from a registry in the version that is wanted is generated from its npm package.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
[ -f .jsii ] || npx projen compile
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
snippets=$(npx tsx --tsconfig tsconfig.dev.json tools/docs-snippets.ts files "$work/snippets")
version() { node -p "require('$1/package.json').version"; }
same() {
  diff -r examples/quick-start/expected "$work/$1-out"
  echo "$1: the quick start synthesizes the same bytes as TypeScript"
}

java() {
  find dist/java -name 'cdk8s-secure-debug-*.jar' 2>/dev/null | grep -q . || npx projen package:java
  # The jars of others by Maven; ours, and that of cdk8s-plus-28, are in dist.
  cat > "$work/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>example</groupId><artifactId>quick-start</artifactId><version>1</version>
<dependencies>
<dependency><groupId>org.cdk8s</groupId><artifactId>cdk8s</artifactId><version>$(version cdk8s)</version></dependency>
<dependency><groupId>software.constructs</groupId><artifactId>constructs</artifactId><version>$(version constructs)</version></dependency>
</dependencies></project>
XML
  mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$work/jars"
  find dist/java -name '*.jar' ! -name '*-sources.jar' ! -name '*-javadoc.jar' -exec cp {} "$work/jars" \;
  command java -cp "$work/jars/*" examples/quick-start/Main.java "$work/Java-out" >/dev/null
  same Java
  javac -cp "$work/jars/*" -d "$work/classes" "$work"/snippets/java/*.java
  (cd "$work" && command java -cp "$work/jars/*:$work/classes" Main >/dev/null)
  echo "Java: ran the $snippets"
}

go() {
  [ -d dist/go/cdk8ssecuredebug ] || npx projen package:go
  mkdir -p "$work/go" "$work/modules"
  cp -r dist/go/cdk8ssecuredebug "$work/modules/"
  for package in cdk8s cdk8s-plus-28 constructs; do npx jsii-pacmak --target go --code-only --outdir "$work/modules/$package" "node_modules/$package"; done
  cp examples/quick-start/main.go "$work/go/"
  cp -r "$work/snippets/go" "$work/go/snippets"
  local module_of=()
  while read -r mod; do
    local name; name=$(sed -n 's/^module //p' "$mod")
    module_of+=(-replace "$name=$(dirname "$mod")")
  done < <(find "$work/modules" -name go.mod)
  cd "$work/go"
  command go mod init quick-start 2>/dev/null
  command go mod edit "${module_of[@]}"
  command go mod tidy >"$work/tidy.log" 2>&1 || { cat "$work/tidy.log" >&2; return 1; }
  command go run . "$work/Go-out" >/dev/null
  command go run ./snippets >/dev/null
  cd "$root"
  same Go
  echo "Go: ran the $snippets"
}

for language in "${@:-java go}"; do
  for one in $language; do "$one"; done
done
