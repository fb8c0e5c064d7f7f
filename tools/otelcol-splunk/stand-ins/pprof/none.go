// Package pprof stands in for the collector's translator of profiles, which the module proxy does not have. There are none in an audit log.
package pprof

import (
	"errors"

	"github.com/google/pprof/profile"
	"go.opentelemetry.io/collector/pdata/pprofile"
)

// ConvertPprofileToPprof refuses.
func ConvertPprofileToPprof(*pprofile.Profiles) (*profile.Profile, error) {
	return nil, errors.New("profiles are not translated here")
}
