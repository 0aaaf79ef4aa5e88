package main

import (
	"os"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const checks = "../../gitops"

// The StatefulSets in testdata are what the test cluster's API server said while the end-to-end scenario gitops-health ran, without their pod
// templates; "changed, not noticed" is "ready" with the generation that an apply gives it. What Flux says without our check stands beside it:
// where the two differ is why there is one.
func TestEverySituationOfAnInstanceIsCalledWhatItIs(t *testing.T) {
	text, err := os.ReadFile("testdata/statefulsets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var objects map[string]map[string]any
	if err := yaml.Unmarshal(text, &objects); err != nil {
		t.Fatal(err)
	}
	situations := map[string]struct{ flux, fluxAlone, argocd string }{
		"just applied":                      {"InProgress", "Current", "Progressing"},
		"its pod starts":                    {"InProgress", "Current", "Progressing"},
		"ready":                             {"Current", "Current", "Healthy"},
		"changed, not noticed":              {"InProgress", "InProgress", "Progressing"},
		"waits for its turn":                {"InProgress", "Current", "Progressing"},
		"its pod is being replaced":         {"InProgress", "Current", "Progressing"},
		"its new image does not exist":      {"InProgress", "Current", "Progressing"},
		"asks for another major version":    {"InProgress", "Current", "Progressing"},
		"ready after a rollout":             {"Current", "Current", "Healthy"},
		"the primary is gone in a failover": {"InProgress", "Current", "Progressing"},
	}
	judges := newTestJudges(t)
	if len(objects) != len(situations) {
		t.Errorf("%d objects for %d situations", len(objects), len(situations))
	}
	for name, want := range situations {
		t.Run(name, func(t *testing.T) {
			said := judges.judge(statefulSet(t, objects[name]))
			t.Logf("%+v", said)
			if said.Flux.Status != want.flux || said.FluxAlone.Status != want.fluxAlone || said.ArgoCD.Status != want.argocd {
				t.Errorf("want %+v", want)
			}
			if said.ArgoCD.Message == "" {
				t.Error("Argo CD's message is empty")
			}
		})
	}
}

func TestAnInstanceThatIsScaledToZeroIsSuspended(t *testing.T) {
	object := statefulSet(t, map[string]any{
		"apiVersion": "apps/v1", "kind": "StatefulSet",
		"metadata": map[string]any{"name": "orders-1", "generation": 2, "labels": map[string]any{"cdk8s-postgres/cluster": "orders"}},
		"spec":     map[string]any{"replicas": 0, "updateStrategy": map[string]any{"type": "OnDelete"}},
		"status":   map[string]any{"observedGeneration": 2, "replicas": 0, "availableReplicas": 0},
	})
	said := newTestJudges(t).judge(object)
	if said.ArgoCD.Status != "Suspended" || said.Flux.Status != "Current" {
		t.Errorf("said %+v", said)
	}
}

// Argo CD asks the check for every StatefulSet. What it would say itself: getAppsv1StatefulSetHealth in its gitops-engine.
func TestOfOtherStatefulSetsArgoCDSaysWhatItWouldSay(t *testing.T) {
	judges := newTestJudges(t)
	revisions := func(current string) map[string]any {
		return map[string]any{"observedGeneration": 2, "readyReplicas": 3, "updatedReplicas": 2, "currentRevision": current, "updateRevision": "new"}
	}
	partition := func(partition int) map[string]any {
		return map[string]any{"type": "RollingUpdate", "rollingUpdate": map[string]any{"partition": partition}}
	}
	for name, c := range map[string]struct {
		strategy map[string]any
		status   map[string]any
		want     string
	}{
		"not looked at by its controller":  {partition(0), map[string]any{}, "Progressing"},
		"changed, not noticed":             {partition(0), map[string]any{"observedGeneration": 1, "readyReplicas": 3, "updatedReplicas": 3}, "Progressing"},
		"a pod is not ready":               {partition(0), map[string]any{"observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 3}, "Progressing"},
		"a rollout under way":              {partition(0), revisions("old"), "Progressing"},
		"rolled out down to its partition": {partition(1), revisions("old"), "Healthy"},
		"OnDelete, with old pods":          {map[string]any{"type": "OnDelete"}, revisions("old"), "Healthy"},
		"another revision":                 {map[string]any{"type": "RollingUpdate"}, revisions("old"), "Progressing"},
		"the same revision":                {map[string]any{"type": "RollingUpdate"}, revisions("new"), "Healthy"},
	} {
		t.Run(name, func(t *testing.T) {
			said := judges.argo.judge(statefulSet(t, map[string]any{
				"apiVersion": "apps/v1", "kind": "StatefulSet",
				"metadata": map[string]any{"name": "other", "generation": 2},
				"spec":     map[string]any{"replicas": 3, "updateStrategy": c.strategy},
				"status":   c.status,
			}))
			if said.Status != c.want {
				t.Errorf("said %+v, want %s", said, c.want)
			}
		})
	}
}

func newTestJudges(t *testing.T) *judges {
	t.Helper()
	judges, err := newJudges(checks)
	if err != nil {
		t.Fatal(err)
	}
	return judges
}

// statefulSet has numbers of the types that a client of the API server makes of them.
func statefulSet(t *testing.T, object map[string]any) *unstructured.Unstructured {
	t.Helper()
	text, err := yaml.Marshal(object)
	if err == nil {
		text, err = yaml.YAMLToJSON(text)
	}
	u := &unstructured.Unstructured{}
	if err == nil {
		err = u.UnmarshalJSON(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}
