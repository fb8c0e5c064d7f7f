// What Microsoft's own language service says of the KQL queries, with the table AKSAudit as Azure documents it:
// node kql.cjs FILE…, in a folder where @kusto/language-service-next is installed.
const { readFileSync } = require('fs');
const { createRequire } = require('module');
const { basename, dirname, join } = require('path');
const vm = require('vm');

const folder = dirname(createRequire(join(process.cwd(), 'x')).resolve('@kusto/language-service-next/package.json'));
for (const file of ['bridge.js', 'Kusto.Language.Bridge.js']) vm.runInThisContext(readFileSync(join(folder, file), 'utf8'), { filename: file });
const { GlobalState, KustoCode } = Kusto.Language;
const { DatabaseSymbol, TableSymbol } = Kusto.Language.Symbols;

// https://learn.microsoft.com/azure/azure-monitor/reference/tables/aksaudit
const COLUMNS = `(TimeGenerated: datetime, AuditId: string, Level: string, Stage: string, Verb: string, RequestUri: string, User: dynamic, UserAgent: string, SourceIps: dynamic,
  ObjectRef: dynamic, ResponseStatus: dynamic, RequestObject: dynamic, ResponseObject: dynamic, RequestReceivedTime: datetime, StageReceivedTime: datetime, Annotations: dynamic,
  PodName: string, TenantId: string, SourceSystem: string, Type: string, _ResourceId: string, _SubscriptionId: string, _BilledSize: real, _IsBillable: string)`;
const globals = GlobalState.Default.WithDatabase(new DatabaseSymbol.ctor('logs', [new TableSymbol.$ctor7('AKSAudit', COLUMNS)]));

const complaints = query => Bridge.toArray(KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics()).map(one => one.Message);

// It complains at all.
for (const wrong of ['AKSAudit | where nothing == 1', 'AKSAudit | where Stage startswith_cz "a"', 'AKSAudit | project Stage Verb', 'Other']) {
  if (complaints(wrong).length === 0) throw new Error(`kql: the parser takes ${wrong}`);
}
const files = process.argv.slice(2);
const found = files.flatMap(file => complaints(readFileSync(file, 'utf8')).map(message => `${basename(file)}: ${message}`));
for (const one of found) console.log(one);
console.log(`kql: ${files.length} queries parsed and bound to the columns of AKSAudit by Microsoft's language service, ${found.length} complaints`);
process.exit(files.length > 0 && found.length === 0 ? 0 : 1);
