package main

import (
	"fmt"
	"os"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"sigs.k8s.io/yaml"
)

// readKustomization reads what a user gives Flux; a field that Flux does not know is an error.
func readKustomization(file string) (*kustomizev1.Kustomization, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	kustomization := &kustomizev1.Kustomization{}
	if err := yaml.UnmarshalStrict(text, kustomization); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return kustomization, nil
}
