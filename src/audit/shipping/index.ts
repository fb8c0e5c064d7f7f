export * from './audit-log-shipping';
export * from './audit-webhook';
export * from './log-redaction';
export {
  ElasticsearchSinkProps, FileSinkProps, KafkaSinkProps, KeyOf, LogSink, LogSinkProps, LokiSinkProps, OtlpSinkProps, S3SinkProps, SplunkSinkProps,
} from './log-sink';
