package main

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// manifests are the objects by kind.
type manifests struct {
	services map[string]*corev1.Service
	sets     []*appsv1.StatefulSet
	budgets  []*policyv1.PodDisruptionBudget
}

func (m *manifests) take(o object) error {
	switch is := o.is.(type) {
	case *corev1.Service:
		if m.services == nil {
			m.services = map[string]*corev1.Service{}
		}
		m.services[is.Name] = is
	case *appsv1.StatefulSet:
		m.sets = append(m.sets, is)
	case *policyv1.PodDisruptionBudget:
		m.budgets = append(m.budgets, is)
	default:
		return fmt.Errorf("%s: nobody has written what to check of a %T", o.where, is)
	}
	return nil
}

// check follows every reference, and gives the calls of usher.
func (m *manifests) check(l *findings, dir string) []call {
	var calls []call
	for _, set := range m.sets {
		where := dir + ": StatefulSet " + set.Name
		m.checkSet(l, where, set)
		checkPod(l, where, set)
		nodes, hosts := podCalls(l, where, set)
		for i := range nodes {
			nodes[i].checkMounts(l)
			nodes[i].checkPorts(l)
		}
		checkCluster(l, where, nodes, hosts)
		calls = append(calls, nodes...)
	}
	for name, s := range m.services {
		m.checkService(l, dir+": Service "+name, s)
	}
	for _, b := range m.budgets {
		where := dir + ": PodDisruptionBudget " + b.Name
		if !m.selectsSome(l, where, b.Spec.Selector) {
			l.add(where, "it selects no pods")
		}
	}
	return calls
}

// checkSet wants the set to know its own pods and to have a Service that names them.
func (m *manifests) checkSet(l *findings, where string, set *appsv1.StatefulSet) {
	pod := labels.Set(set.Spec.Template.Labels)
	if !takes(l, where, set.Spec.Selector, pod) {
		l.add(where, "its selector does not match its template's labels")
	}
	s := m.services[set.Spec.ServiceName]
	switch {
	case s == nil:
		l.add(where, "there is no Service %q", set.Spec.ServiceName)
	case s.Spec.ClusterIP != corev1.ClusterIPNone:
		l.add(where, "the Service %s is not headless, so pods have no names", s.Name)
	case !s.Spec.PublishNotReadyAddresses:
		l.add(where, "the Service %s names ready pods only, so none becomes ready", s.Name)
	case !selects(s, pod):
		l.add(where, "the Service %s does not select its pods", s.Name)
	}
	if set.Spec.PodManagementPolicy != appsv1.ParallelPodManagement {
		l.add(where, "pods are started one after the other, and the first is never ready alone")
	}
}

// checkService wants pods behind it that have its ports.
func (m *manifests) checkService(l *findings, where string, s *corev1.Service) {
	found := false
	for _, set := range m.sets {
		if !selects(s, set.Spec.Template.Labels) {
			continue
		}
		found = true
		for _, port := range s.Spec.Ports {
			if !hasPort(set.Spec.Template.Spec.Containers, port.TargetPort) {
				l.add(where, "the pods of %s have no port %s", set.Name, port.TargetPort.String())
			}
		}
	}
	if !found {
		l.add(where, "it selects no pods")
	}
}

func (m *manifests) selectsSome(l *findings, where string, selector *metav1.LabelSelector) bool {
	for _, set := range m.sets {
		if takes(l, where, selector, set.Spec.Template.Labels) {
			return true
		}
	}
	return false
}

// selects is false for an empty selector, which selects nothing.
func selects(s *corev1.Service, pod labels.Set) bool {
	return len(s.Spec.Selector) > 0 && labels.SelectorFromSet(s.Spec.Selector).Matches(pod)
}

// takes says whether a selector takes a pod.
func takes(l *findings, where string, selector *metav1.LabelSelector, pod labels.Set) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		l.add(where, "its selector: %v", err)
		return false
	}
	return !s.Empty() && s.Matches(pod)
}
