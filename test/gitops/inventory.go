package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"github.com/fluxcd/cli-utils/pkg/object"
	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/ssa"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// inventory is what a Kustomization has applied. Flux keeps it in the Kustomization's status, this program in a file.
type inventory struct {
	kustomizev1.ResourceInventory
}

// readInventory of a file that is not there is empty: nothing has been applied yet.
func readInventory(file string) (*inventory, error) {
	read := &inventory{}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return read, nil
	}
	if err != nil {
		return nil, err
	}
	return read, json.Unmarshal(text, read)
}

func (i *inventory) write(file string) error {
	text, err := json.Marshal(i)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

// inventoryOf leaves out what was skipped, like kustomize-controller; it returns that apart.
func inventoryOf(changes *ssa.ChangeSet) (applied *inventory, skipped map[string]bool) {
	applied, skipped = &inventory{}, map[string]bool{}
	for _, change := range changes.Entries {
		if change.Action == ssa.SkippedAction {
			skipped[change.ObjMetadata.String()] = true
			continue
		}
		applied.Entries = append(applied.Entries, kustomizev1.ResourceRef{ID: change.ObjMetadata.String(), Version: change.GroupVersion})
	}
	return applied, skipped
}

// without is what is no longer in Git: to be pruned. What is still there and was only skipped stays.
func (i *inventory) without(now *inventory, skipped map[string]bool) ([]*unstructured.Unstructured, error) {
	stays := map[string]bool{}
	for _, entry := range now.Entries {
		stays[entry.ID] = true
	}
	stale := []*unstructured.Unstructured{}
	for _, entry := range i.Entries {
		if stays[entry.ID] || skipped[entry.ID] {
			continue
		}
		id, err := object.ParseObjMetadata(entry.ID)
		if err != nil {
			return nil, err
		}
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(schema.GroupVersionKind{Group: id.GroupKind.Group, Kind: id.GroupKind.Kind, Version: entry.Version})
		u.SetName(id.Name)
		u.SetNamespace(id.Namespace)
		stale = append(stale, u)
	}
	return stale, nil
}

func (i *inventory) ids() (object.ObjMetadataSet, error) {
	ids := object.ObjMetadataSet{}
	for _, entry := range i.Entries {
		id, err := object.ParseObjMetadata(entry.ID)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}
