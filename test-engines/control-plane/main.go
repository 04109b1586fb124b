// Command control-plane is the API server of Kubernetes and its store in one file, for tests:
//
//	control-plane etcd FLAG... | kube-apiserver FLAG...
//
// Either ends when its standard input does, so that none outlives the test that started it.
package main

import (
	"fmt"
	"io"
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "etcd":
			go endWithParent()
			etcdmain.Main(os.Args[1:])
			return
		case "kube-apiserver":
			go endWithParent()
			os.Args = os.Args[1:]
			os.Exit(cli.Run(app.NewAPIServerCommand()))
		}
	}
	fmt.Fprintln(os.Stderr, "usage: control-plane etcd FLAG... | kube-apiserver FLAG...")
	os.Exit(2)
}

func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}
