import { Option } from 'commander';
import { engineViews, logQuery } from './commands';
import { Registration, several } from '../../registration';

/** The same questions elsewhere: adds to the command `audit`. */
export function registerEngines({ root, answer }: Registration): void {
  const audit = root.commands.find(command => command.name() === 'audit')!;
  audit.command('views <engine>')
    .description('tables and views for a fleet\'s engine: athena, bigquery, clickhouse, duckdb, spark, trino')
    .addOption(new Option('--json', 'print JSON'))
    .option('--schema <name>', 'schema, database or dataset that they go into', 'audit')
    .option('--location <address>', 'where the files lie, for athena, spark and trino, e.g. s3://bucket/prefix')
    .option('--cluster <name>', 'a cluster whose files are there, for athena; repeatable', several)
    .option('--declared <manifests>', 'as for report; repeatable', several)
    .option('--since <day>', 'read days of the table from then on, e.g. 2026-03-01')
    .option('--until <day>', 'read days of the table before that one')
    .action((engine, options) => answer(engineViews(engine, options), options));
  audit.command('query <language> [question]')
    .description('sessions, outside, break-glass or would-deny, in logql, cloudwatch, cloud-logging, kql, spl or esql (default: all four)')
    .addOption(new Option('--json', 'print JSON'))
    .option('--user <name>', 'of this person')
    .option('--source <source>', 'where the log is, in that language')
    .action((language, question, options) => answer(logQuery(language, question, options), options));
}
