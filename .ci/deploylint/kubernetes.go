package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// object is one YAML document.
type object struct {
	where string
	is    runtime.Object
}

// kubernetes decodes all YAML of a folder into the types of the API, strictly, and follows
// what refers to something.
func kubernetes(l *findings, dir string) ([]call, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	decode, err := newDecoder()
	if err != nil {
		return nil, err
	}
	m := &manifests{}
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		objects, err := decode(path, raw)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			if err := m.take(o); err != nil {
				return nil, err
			}
			l.objects++
		}
	}
	return m.check(l, dir), nil
}

func newDecoder() (func(path string, raw []byte) ([]object, error), error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, policyv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
	return func(path string, raw []byte) ([]object, error) {
		var all []object
		in := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(raw)))
		for n := 1; ; n++ {
			doc, err := in.Read()
			if errors.Is(err, io.EOF) {
				return all, nil
			}
			where := fmt.Sprintf("%s: document %d", path, n)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", where, err)
			}
			o, _, err := strict.Decode(doc, nil, nil)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", where, err)
			}
			all = append(all, object{where, o})
		}
	}, nil
}
