// Package splunk stands in for the collector's package of this name, which the module proxy does not have: names that Splunk documents, and
// what an answer means.
package splunk

import (
	"fmt"
	"net/http"

	"go.opentelemetry.io/collector/consumer/consumererror"
)

// Names of attributes and paths.
const (
	HecTokenLabel          = "com.splunk.hec.access_token"
	DefaultIndexLabel      = "com.splunk.index"
	DefaultSourceTypeLabel = "com.splunk.sourcetype"
	DefaultHealthPath      = "/services/collector/health"
)

// BuildHECAuthHeader is the value of the header Authorization.
func BuildHECAuthHeader(token string) string { return "Splunk " + token }

// HandleHTTPCode has a request that is malformed, or lacks a token, refused for good; everything else but success is tried again.
func HandleHTTPCode(response *http.Response) error {
	if response.StatusCode/100 == 2 {
		return nil
	}
	err := fmt.Errorf("splunk answered %d", response.StatusCode)
	if response.StatusCode == http.StatusBadRequest || response.StatusCode == http.StatusUnauthorized {
		return consumererror.NewPermanent(err)
	}
	return err
}
