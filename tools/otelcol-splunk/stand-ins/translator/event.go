// Package splunk stands in for the collector's translator of this name, which the module proxy does not have: what becomes of a log record, by
// what Splunk documents of events: https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector
package splunk

import (
	"errors"

	"github.com/google/pprof/profile"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pprofile"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
)

// HecToOtelAttrs names the attributes that are the metadata of an event.
type HecToOtelAttrs struct {
	Source     string `mapstructure:"source"`
	SourceType string `mapstructure:"sourcetype"`
	Index      string `mapstructure:"index"`
	Host       string `mapstructure:"host"`
}

// OtelToHecFields names the fields for severities.
type OtelToHecFields struct {
	SeverityText   string `mapstructure:"severity_text"`
	SeverityNumber string `mapstructure:"severity_number"`
}

// DefaultHecToOtelAttrs has the documented names.
func DefaultHecToOtelAttrs() HecToOtelAttrs {
	return HecToOtelAttrs{Source: "com.splunk.source", SourceType: "com.splunk.sourcetype", Index: "com.splunk.index", Host: "host.name"}
}

// DefaultOtelToHecFields has the documented names.
func DefaultOtelToHecFields() OtelToHecFields {
	return OtelToHecFields{SeverityText: "otel.log.severity.text", SeverityNumber: "otel.log.severity.number"}
}

// Event is what the HTTP Event Collector takes.
type Event struct {
	Time       float64        `json:"time,omitempty"`
	Host       string         `json:"host"`
	Source     string         `json:"source,omitempty"`
	SourceType string         `json:"sourcetype,omitempty"`
	Index      string         `json:"index,omitempty"`
	Event      any            `json:"event"`
	Fields     map[string]any `json:"fields,omitempty"`
}

// LogToSplunkEvent makes an event of a record: its body, its time, and all attributes as fields.
func LogToSplunkEvent(resource pcommon.Resource, record plog.LogRecord, attrs HecToOtelAttrs, _ OtelToHecFields, source, sourceType, index string) *Event {
	event := &Event{Host: "unknown", Source: source, SourceType: sourceType, Index: index, Event: record.Body().AsRaw(), Fields: map[string]any{}}
	if at := record.Timestamp(); at != 0 {
		event.Time = float64(at/1e6) / 1e3
	}
	for _, attributes := range []pcommon.Map{resource.Attributes(), record.Attributes()} {
		for key, value := range attributes.All() {
			if key == attrs.Host {
				event.Host = value.AsString()
			} else {
				event.Fields[key] = value.AsString()
			}
		}
	}
	return event
}

// SpanToSplunkEvent makes none.
func SpanToSplunkEvent(pcommon.Resource, ptrace.Span, HecToOtelAttrs, string, string, string) *Event {
	return nil
}

// MetricToSplunkEvent makes none.
func MetricToSplunkEvent(pcommon.Resource, pmetric.Metric, *zap.Logger, HecToOtelAttrs, string, string, string) []*Event {
	return nil
}

// MergeEventsToMultiMetricFormat refuses.
func MergeEventsToMultiMetricFormat([]*Event) ([]*Event, error) {
	return nil, errors.New("metrics are not translated here")
}

// AddProfilingPprofSampleLabels does nothing.
func AddProfilingPprofSampleLabels(*profile.Profile, pprofile.ProfilesDictionary, pcommon.InstrumentationScope, pprofile.Profile) {
}
