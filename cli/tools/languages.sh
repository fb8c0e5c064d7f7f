#!/bin/sh
# Has those who publish a parser of their log language read the questions of `audit query`: tools/languages.sh FOLDER
# Microsoft's language service (npm), Elasticsearch's parser and analyzer (Maven; Java 17 or newer), the grammar of Google's filters (Go). Packages
# go to FOLDER, nothing to the project. What is missing is skipped by name. Exit status 1: a complaint.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
failed=0
cd "$here/.." && npx tsx --tsconfig tsconfig.dev.json tools/languages.ts "$folder/queries"

mkdir -p "$folder/kql" && cd "$folder/kql"
if nice npm install --silent --no-audit --no-fund --no-package-lock --prefix . @kusto/language-service-next@12.4.1 >npm.log 2>&1; then
  node "$here/languages/kql.cjs" "$folder"/queries/kql/* || failed=1
else
  echo 'skipped: kql (the npm package @kusto/language-service-next could not be installed)'
fi

mkdir -p "$folder/esql" && cd "$folder/esql"
if ! command -v mvn >/dev/null || ! command -v javac >/dev/null; then
  echo 'skipped: esql (there is no Maven or no Java compiler)'
elif ! nice mvn -q -B -f "$here/languages/esql.pom.xml" dependency:build-classpath -Dmdep.outputFile="$folder/esql/classpath" >mvn.log 2>&1; then
  echo 'skipped: esql (the packages of Elasticsearch could not be had from Maven)'
else
  nice javac -nowarn -d . -cp "$(cat classpath)" "$here"/languages/*.java
  # Verifying its classes would want those that are not published.
  nice java -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote -cp . Lenient "$(cat classpath):$folder/esql/" Esql "$folder"/queries/esql/* || failed=1
fi

if command -v go >/dev/null; then
  cd "$here/languages/cloud-logging" && nice go build -o "$folder/cloud-logging" . && { "$folder/cloud-logging" "$folder"/queries/cloud-logging/* || failed=1; }
else
  echo 'skipped: cloud-logging (there is no Go)'
fi
exit $failed
