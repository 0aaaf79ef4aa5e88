package main

import (
	"context"
	"io"
	"path/filepath"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/cli-utils/pkg/kstatus/polling/clusterreader"
	"github.com/fluxcd/cli-utils/pkg/kstatus/polling/engine"
	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/runtime/cel"
	"github.com/fluxcd/pkg/runtime/statusreaders"
	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/normalize"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	controller = "kustomize-controller"
	// kustomize-controller's default of --concurrent-ssa.
	concurrency  = 4
	pollInterval = 500 * time.Millisecond
)

// reconciler does with manifests what kustomize-controller does with those of a Kustomization, by the libraries with which it does so. What is
// between them is told again here from its kustomization_controller.go (1.7): the options of apply and prune, and what the inventory holds.
type reconciler struct {
	kustomization *kustomizev1.Kustomization
	cluster       client.Client
	manager       *ssa.ResourceManager
}

type change struct {
	Object string `json:"object"`
	Action string `json:"action"`
}

// outcome of one reconciliation: what Git holds and what was done to it, and what it no longer holds.
type outcome struct {
	Applied []change `json:"applied"`
	Pruned  []change `json:"pruned"`
}

func newReconciler(folder string) (*reconciler, error) {
	kustomization, err := readKustomization(filepath.Join(folder, "flux.yaml"))
	if err != nil {
		return nil, err
	}
	checks, err := cel.PollerWithCustomHealthChecks(context.Background(), kustomization.Spec.HealthCheckExprs)
	if err != nil {
		return nil, err
	}
	cluster, err := connect()
	if err != nil {
		return nil, err
	}
	readers := []engine.StatusReader{statusreaders.NewCustomJobStatusReader(cluster.RESTMapper())}
	for _, check := range checks {
		readers = append(readers, check(cluster.RESTMapper()))
	}
	poller := polling.NewStatusPoller(cluster, cluster.RESTMapper(), polling.Options{
		CustomStatusReaders:  readers,
		ClusterReaderFactory: engine.ClusterReaderFactoryFunc(clusterreader.NewDirectClusterReader),
	})
	manager := ssa.NewResourceManager(cluster, poller, ssa.Owner{Field: controller, Group: kustomizev1.GroupVersion.Group})
	manager.SetConcurrency(concurrency)
	return &reconciler{kustomization: kustomization, cluster: cluster, manager: manager}, nil
}

// reconcile applies the manifests, prunes what the inventory has and they do not, and writes the new inventory.
func (r *reconciler) reconcile(ctx context.Context, manifests io.Reader, namespace, inventoryFile string) (*outcome, error) {
	objects, err := readManifests(manifests, r.cluster, namespace)
	if err != nil {
		return nil, err
	}
	before, err := readInventory(inventoryFile)
	if err != nil {
		return nil, err
	}
	applied, err := r.apply(ctx, objects)
	if err != nil {
		return nil, err
	}
	now, skipped := inventoryOf(applied)
	if err := now.write(inventoryFile); err != nil {
		return nil, err
	}
	stale, err := before.without(now, skipped)
	if err != nil {
		return nil, err
	}
	pruned, err := r.prune(ctx, stale)
	if err != nil {
		return nil, err
	}
	return &outcome{Applied: changesOf(applied), Pruned: changesOf(pruned)}, nil
}

func (r *reconciler) apply(ctx context.Context, objects []*unstructured.Unstructured) (*ssa.ChangeSet, error) {
	r.manager.SetOwnerLabels(objects, r.kustomization.Name, r.kustomization.Namespace)
	if err := normalize.UnstructuredList(objects); err != nil {
		return nil, err
	}
	options := ssa.DefaultApplyOptions()
	options.Force = r.kustomization.Spec.Force
	options.ExclusionSelector = map[string]string{key("reconcile"): kustomizev1.DisabledValue, key("ssa"): kustomizev1.IgnoreValue}
	options.IfNotPresentSelector = map[string]string{key("ssa"): kustomizev1.IfNotPresentValue}
	options.ForceSelector = map[string]string{key("force"): kustomizev1.EnabledValue}
	options.Cleanup = ssa.ApplyCleanupOptions{
		Annotations: []string{corev1.LastAppliedConfigAnnotation},
		// Undoes what people did with kubectl.
		FieldManagers: []ssa.FieldManager{
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationApply},
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationUpdate},
			{Name: "before-first-apply", OperationType: metav1.ManagedFieldsOperationUpdate},
			{Name: controller, OperationType: metav1.ManagedFieldsOperationUpdate},
		},
		Exclusions: map[string]string{key("ssa"): kustomizev1.MergeValue},
	}
	return r.manager.ApplyAllStaged(ctx, objects, options)
}

func (r *reconciler) prune(ctx context.Context, stale []*unstructured.Unstructured) (*ssa.ChangeSet, error) {
	if !r.kustomization.Spec.Prune {
		return ssa.NewChangeSet(), nil
	}
	return r.manager.DeleteAll(ctx, stale, ssa.DeleteOptions{
		PropagationPolicy: metav1.DeletePropagationBackground,
		Inclusions:        r.manager.GetOwnerLabels(r.kustomization.Name, r.kustomization.Namespace),
		Exclusions:        map[string]string{key("prune"): kustomizev1.DisabledValue, key("reconcile"): kustomizev1.DisabledValue},
	})
}

// wait ends when everything of the inventory is current, as `wait: true` asks for, or with an error that says what is not.
func (r *reconciler) wait(ctx context.Context, inventoryFile string, timeout time.Duration) error {
	applied, err := readInventory(inventoryFile)
	if err != nil {
		return err
	}
	ids, err := applied.ids()
	if err != nil {
		return err
	}
	return r.manager.WaitForSetWithContext(ctx, ids, ssa.WaitOptions{Interval: pollInterval, Timeout: timeout})
}

func key(name string) string {
	return kustomizev1.GroupVersion.Group + "/" + name
}

func changesOf(set *ssa.ChangeSet) []change {
	changes := []change{}
	for _, entry := range set.Entries {
		changes = append(changes, change{Object: entry.Subject, Action: string(entry.Action)})
	}
	return changes
}
