package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// checkPod looks at what a pod's parts say of one another.
func checkPod(l *findings, where string, set *appsv1.StatefulSet) {
	pod := &set.Spec.Template.Spec
	volumes := map[string]int{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = 0
	}
	for _, claim := range set.Spec.VolumeClaimTemplates {
		volumes[claim.Name] = 0
	}
	for i := range pod.Containers {
		c := &pod.Containers[i]
		at := where + ", container " + c.Name
		for _, mount := range c.VolumeMounts {
			if _, ok := volumes[mount.Name]; !ok {
				l.add(at, "there is no volume %q", mount.Name)
			}
			volumes[mount.Name]++
		}
		checkProbe(l, at, pod.Containers, "startup", c.StartupProbe)
		checkProbe(l, at, pod.Containers, "liveness", c.LivenessProbe)
		checkProbe(l, at, pod.Containers, "readiness", c.ReadinessProbe)
	}
	for name, mounts := range volumes {
		if mounts == 0 {
			l.add(where, "nobody mounts the volume %q", name)
		}
	}
	for _, term := range antiAffinity(pod) {
		if !takes(l, where, term.LabelSelector, set.Spec.Template.Labels) {
			l.add(where, "its anti-affinity by %s does not look at its own pods", term.TopologyKey)
		}
	}
}

func checkProbe(l *findings, where string, pod []corev1.Container, kind string, p *corev1.Probe) {
	switch {
	case p == nil || p.HTTPGet == nil:
		l.add(where, "no %s probe by HTTP", kind)
	case p.HTTPGet.Path != "/livez" && p.HTTPGet.Path != "/readyz":
		l.add(where, "its %s probe asks for %s, which usher does not answer", kind, p.HTTPGet.Path)
	case !hasPort(pod, p.HTTPGet.Port):
		l.add(where, "its %s probe asks port %s, which the pod does not have", kind, p.HTTPGet.Port.String())
	}
}

func hasPort(containers []corev1.Container, port intstr.IntOrString) bool {
	for _, c := range containers {
		for _, p := range c.Ports {
			if port.Type == intstr.String && p.Name == port.StrVal || port.Type == intstr.Int && p.ContainerPort == port.IntVal {
				return true
			}
		}
	}
	return false
}

func antiAffinity(pod *corev1.PodSpec) []corev1.PodAffinityTerm {
	if pod.Affinity == nil || pod.Affinity.PodAntiAffinity == nil {
		return nil
	}
	terms := pod.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	for _, weighted := range pod.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
		terms = append(terms, weighted.PodAffinityTerm)
	}
	return terms
}

// podCalls are usher's calls in each pod of a set, and the pods' names in its Service.
func podCalls(l *findings, where string, set *appsv1.StatefulSet) (calls []call, hosts []string) {
	replicas := 1
	if set.Spec.Replicas != nil {
		replicas = int(*set.Spec.Replicas)
	}
	for i := range replicas {
		pod := fmt.Sprintf("%s-%d", set.Name, i)
		hosts = append(hosts, pod+"."+set.Spec.ServiceName)
		for _, c := range set.Spec.Template.Spec.Containers {
			calls = append(calls, containerCall(l, where+", pod "+pod, pod, c))
		}
	}
	return calls, hosts
}

func containerCall(l *findings, where, pod string, c corev1.Container) call {
	out := call{where: where + ", container " + c.Name, env: map[string]string{}}
	for _, v := range c.Env {
		out.env[v.Name] = expand(l, out.where, v.Value, out.env) // of those before it
		if v.ValueFrom != nil && v.ValueFrom.FieldRef != nil && v.ValueFrom.FieldRef.FieldPath == "metadata.name" {
			out.env[v.Name] = pod
		}
	}
	for _, arg := range c.Args {
		out.args = append(out.args, expand(l, out.where, arg, out.env))
	}
	for _, m := range c.VolumeMounts {
		out.mounts = append(out.mounts, m.MountPath)
	}
	for _, p := range c.Ports {
		out.ports = append(out.ports, strconv.Itoa(int(p.ContainerPort)))
	}
	return out
}

var reference = regexp.MustCompile(`\$\([^)]*\)`)

// expand fills in $(NAME) as the kubelet does; what it does not know it leaves as it is.
func expand(l *findings, where, text string, env map[string]string) string {
	return reference.ReplaceAllStringFunc(text, func(ref string) string {
		v, ok := env[strings.TrimSuffix(strings.TrimPrefix(ref, "$("), ")")]
		if !ok {
			l.add(where, "%s is not set before it is used", ref)
		}
		return v
	})
}
