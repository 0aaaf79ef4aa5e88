module github.com/cdk8s-postgres/cdk8s-postgres/src/agent/guard

go 1.24.0

require golang.org/x/sys v0.40.0
