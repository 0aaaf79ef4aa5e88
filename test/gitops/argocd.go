package main

import (
	"context"
	"fmt"
	"os"
	"time"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// A check that has not answered by then has failed, as in Argo CD.
const luaTimeout = time.Second

var argoHealth = map[string]bool{"Unknown": true, "Progressing": true, "Suspended": true, "Healthy": true, "Degraded": true, "Missing": true}

// argo runs a health check as Argo CD does: with Lua's base and table, and the object as `obj`.
type argo struct {
	script string
}

// newArgo reads the check of StatefulSets from a ConfigMap like argocd-cm.
func newArgo(file string) (*argo, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var configMap struct {
		Data map[string]string `json:"data"`
	}
	if err := yaml.Unmarshal(text, &configMap); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	const key = "resource.customizations.health.apps_StatefulSet"
	script, found := configMap.Data[key]
	if !found {
		return nil, fmt.Errorf("%s: has no %s", file, key)
	}
	return &argo{script: script}, nil
}

func (a *argo) judge(object *unstructured.Unstructured) verdict {
	answer, err := a.run(object)
	if err != nil {
		return verdict{Status: "Unknown", Message: err.Error()}
	}
	table, isTable := answer.(*lua.LTable)
	if !isTable {
		return verdict{Status: "Unknown", Message: "expect table output from Lua script, not " + answer.Type().String()}
	}
	v := verdict{Status: lua.LVAsString(table.RawGetString("status")), Message: lua.LVAsString(table.RawGetString("message"))}
	if !argoHealth[v.Status] {
		return verdict{Status: "Unknown", Message: "Lua returned an invalid health status"}
	}
	return v
}

func (a *argo) run(object *unstructured.Unstructured) (lua.LValue, error) {
	l := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer l.Close()
	for name, open := range map[string]lua.LGFunction{lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable} {
		if err := l.CallByParam(lua.P{Fn: l.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), luaTimeout)
	defer cancel()
	l.SetContext(ctx)
	l.SetGlobal("obj", luaValue(l, object.Object))
	if err := l.DoString(a.script); err != nil {
		return nil, err
	}
	return l.Get(-1), nil
}

func luaValue(l *lua.LState, value any) lua.LValue {
	switch v := value.(type) {
	case bool:
		return lua.LBool(v)
	case string:
		return lua.LString(v)
	case float64:
		return lua.LNumber(v)
	case int64:
		return lua.LNumber(v)
	case []any:
		list := l.CreateTable(len(v), 0)
		for _, item := range v {
			list.Append(luaValue(l, item))
		}
		return list
	case map[string]any:
		table := l.CreateTable(0, len(v))
		for key, item := range v {
			table.RawSetString(key, luaValue(l, item))
		}
		return table
	}
	return lua.LNil
}
