#!/bin/sh
# Validates the dashboards by Grafana's schema, as @grafana/schema has it in its types: tools/dashboards-schema.sh FOLDER
# Packages go to FOLDER, nothing to the project.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1" && cd "$1"
if ! nice npm install --silent --no-audit --no-fund --no-package-lock --prefix . @grafana/schema@13.2.3 ts-json-schema-generator@2.4.0 ajv@8.20.0 >npm.log 2>&1; then
  echo 'skipped: the schema of the dashboards (the npm package @grafana/schema could not be installed)'
  exit 0
fi
nice npx ts-json-schema-generator --path node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen.d.ts --type Dashboard --no-type-check -o schema.json
cat >validate.cjs <<'END'
const { readFileSync, readdirSync } = require('fs');
const { join } = require('path');
const Ajv = require('ajv').default;
const validate = new Ajv({ strict: false, allErrors: true }).compile(JSON.parse(readFileSync('schema.json', 'utf8')));
const folder = process.argv[2];
const files = readdirSync(folder).filter(file => file.endsWith('.json'));
const board = file => {
  const read = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  // Its builder writes these, which are for variables of the kind interval, into each; Grafana does not look at them.
  for (const variable of read.templating.list) for (const key of ['auto', 'auto_count', 'auto_min']) delete variable[key];
  return read;
};
for (const spoil of [one => { one.panels[1].gridPos.w = 'wide'; }, one => { one.titel = 'x'; }, one => { delete one.schemaVersion; }, one => { one.panels[1].fieldConfig.overrides = {}; }]) {
  const spoiled = board(files[0]);
  spoil(spoiled);
  if (validate(spoiled)) throw new Error(`dashboards: the schema takes what ${spoil} makes`);
}
let wrong = 0;
for (const file of files) {
  if (validate(board(file))) continue;
  wrong++;
  for (const { instancePath, message, params } of validate.errors) console.log(`${file}${instancePath} ${message} ${JSON.stringify(params)}`);
}
console.log(`dashboards: ${files.length} validated by the schema of Grafana 13.2.3, ${wrong} wrong`);
process.exit(files.length > 0 && wrong === 0 ? 0 : 1);
END
node validate.cjs "$root/assets/dashboards"
