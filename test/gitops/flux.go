package main

import (
	"context"
	"fmt"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling/engine"
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/fluxcd/pkg/runtime/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// flux is what kustomize-controller asks of an object's health: the first check that knows its kind.
type flux struct {
	checks []engine.StatusReader
}

// newFlux reads the checks of a Kustomization.
func newFlux(file string) (*flux, error) {
	kustomization, err := readKustomization(file)
	if err != nil {
		return nil, err
	}
	checks, err := cel.PollerWithCustomHealthChecks(context.Background(), kustomization.Spec.HealthCheckExprs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	f := &flux{}
	for _, check := range checks {
		f.checks = append(f.checks, check(nil))
	}
	return f, nil
}

func (f *flux) judge(object *unstructured.Unstructured) verdict {
	for _, check := range f.checks {
		if !check.Supports(object.GroupVersionKind().GroupKind()) {
			continue
		}
		read, err := check.ReadStatusForObject(context.Background(), nil, object)
		if err == nil {
			err = read.Error
		}
		if err != nil {
			return verdict{Status: "Unknown", Message: err.Error()}
		}
		return verdict{Status: read.Status.String(), Message: read.Message}
	}
	return fluxAlone(object)
}

// fluxAlone is what Flux says where no check is given.
func fluxAlone(object *unstructured.Unstructured) verdict {
	result, err := status.Compute(object)
	if err != nil {
		return verdict{Status: "Unknown", Message: err.Error()}
	}
	return verdict{Status: result.Status.String(), Message: result.Message}
}
