// What Flux and Argo CD say of StatefulSets, by the checks in gitops/: reads a list as `kubectl get -o json` prints it, writes a judgement of each.
//
//	kubectl get statefulsets -o json | gitops-health GITOPS_FOLDER
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

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
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: gitops-health GITOPS_FOLDER < LIST"))
	}
	judges, err := newJudges(os.Args[1])
	if err != nil {
		fail(err)
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	list := &unstructured.UnstructuredList{}
	if err := list.UnmarshalJSON(text); err != nil {
		fail(err)
	}
	judgements := []judgement{}
	for i := range list.Items {
		judgements = append(judgements, judges.judge(&list.Items[i]))
	}
	if err := json.NewEncoder(os.Stdout).Encode(judgements); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "gitops-health: %v\n", err)
	os.Exit(1)
}
