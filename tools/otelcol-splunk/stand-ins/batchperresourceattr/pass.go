// Package batchperresourceattr stands in for the collector's package of this name, which the module proxy does not have: it keeps each batch as it
// is. The other splits it by tokens and indexes that come as attributes, of which ours have none.
package batchperresourceattr

import (
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/xconsumer"
)

// Option is none of ours.
type Option struct{}

// WithMetadataInjection changes nothing here.
func WithMetadataInjection() Option { return Option{} }

// NewMultiBatchPerResourceLogs is the consumer itself.
func NewMultiBatchPerResourceLogs(_ []string, next consumer.Logs, _ ...Option) consumer.Logs {
	return next
}

// NewMultiBatchPerResourceMetrics is the consumer itself.
func NewMultiBatchPerResourceMetrics(_ []string, next consumer.Metrics, _ ...Option) consumer.Metrics {
	return next
}

// NewMultiBatchPerResourceTraces is the consumer itself.
func NewMultiBatchPerResourceTraces(_ []string, next consumer.Traces, _ ...Option) consumer.Traces {
	return next
}

// NewMultiBatchPerResourceProfiles is the consumer itself.
func NewMultiBatchPerResourceProfiles(_ []string, next xconsumer.Profiles, _ ...Option) xconsumer.Profiles {
	return next
}
