// What GitOps tools do with the synthesized YAML and say of it, by their own code and the files in gitops/.
//
//	kubectl get statefulsets -o json | gitops health GITOPS_FOLDER    what Flux and Argo CD say of each
//	gitops flux GITOPS_FOLDER NAMESPACE INVENTORY < YAML              applies and prunes as Flux does; the inventory is a file
//	gitops flux-wait GITOPS_FOLDER INVENTORY TIMEOUT                  waits as Flux does until everything of the inventory is current
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

type judgement struct {
	Name      string  `json:"name"`
	Flux      verdict `json:"flux"`
	FluxAlone verdict `json:"fluxAlone"`
	ArgoCD    verdict `json:"argocd"`
}

// judges are the tools with the checks of one folder.
type judges struct {
	flux *flux
	argo *argo
}

func newJudges(folder string) (*judges, error) {
	flux, err := newFlux(filepath.Join(folder, "flux.yaml"))
	if err != nil {
		return nil, err
	}
	argo, err := newArgo(filepath.Join(folder, "argocd.yaml"))
	if err != nil {
		return nil, err
	}
	return &judges{flux: flux, argo: argo}, nil
}

func (j *judges) judge(object *unstructured.Unstructured) judgement {
	return judgement{Name: object.GetName(), Flux: j.flux.judge(object), FluxAlone: fluxAlone(object), ArgoCD: j.argo.judge(object)}
}

func main() {
	answer, err := run(os.Args[1:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answer)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "gitops: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) (any, error) {
	ctx := context.Background()
	switch {
	case len(args) == 2 && args[0] == "health":
		return health(args[1], os.Stdin)
	case len(args) == 4 && args[0] == "flux":
		flux, err := newReconciler(args[1])
		if err != nil {
			return nil, err
		}
		return flux.reconcile(ctx, os.Stdin, args[2], args[3])
	case len(args) == 4 && args[0] == "flux-wait":
		flux, err := newReconciler(args[1])
		if err != nil {
			return nil, err
		}
		timeout, err := time.ParseDuration(args[3])
		if err != nil {
			return nil, err
		}
		return "current", flux.wait(ctx, args[2], timeout)
	}
	return nil, errors.New("usage: gitops health GITOPS_FOLDER | flux GITOPS_FOLDER NAMESPACE INVENTORY | flux-wait GITOPS_FOLDER INVENTORY TIMEOUT")
}

func health(folder string, from io.Reader) ([]judgement, error) {
	judges, err := newJudges(folder)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(from)
	if err != nil {
		return nil, err
	}
	list := &unstructured.UnstructuredList{}
	if err := list.UnmarshalJSON(text); err != nil {
		return nil, err
	}
	judgements := []judgement{}
	for i := range list.Items {
		judgements = append(judgements, judges.judge(&list.Items[i]))
	}
	return judgements, nil
}
