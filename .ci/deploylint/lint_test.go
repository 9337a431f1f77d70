package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// help is what a program says that has all that deploy/ uses.
var help = map[string]string{
	"--help": `Usage: usher <command> [flags]

Flags:
  -h, --help       Show context-sensitive help.

Commands:
  serve        Run one durable node: the API, the page, and the operations
               listener.
  cert ca      Make a CA.
  cert node    Make key and certificate of nodes.
`,
	"serve --help": `Flags:
  -h, --help                      Show context-sensitive help.
      --data=DIR                  Data folder ($USHER_DATA).
      --listen="127.0.0.1:8080"   Address of the API, with a text that is
                                  longer ($USHER_LISTEN).
      --admin-listen=ADDR         ($USHER_ADMIN_LISTEN).
      --[no-]trust-callers        ($USHER_TRUST_CALLERS).
      --allowed-origin=ORIGIN     ($USHER_ALLOWED_ORIGIN).
      --node-id=ID                ($USHER_NODE_ID).
      --raft-listen=ADDR          ($USHER_RAFT_LISTEN).
      --raft-advertise=ADDR       ($USHER_RAFT_ADVERTISE).
      --bootstrap-expect=N        ($USHER_BOOTSTRAP_EXPECT).
      --join=ADDR,...             ($USHER_JOIN).
      --peer-cert=FILE            ($USHER_PEER_CERT).
      --peer-key=FILE             ($USHER_PEER_KEY).
      --peer-ca=FILE              ($USHER_PEER_CA).
      --log-format="text"         ($USHER_LOG_FORMAT).
`,
	"cert ca --help": `      --dir=DIR    Folder ($USHER_DIR).
      --keep       Keep ($USHER_KEEP).
`,
	"cert node --help": `      --dir=DIR    Folder ($USHER_DIR).
      --ca=FILE    CA ($USHER_CA).
      --keep       Keep ($USHER_KEEP).
      --force      Replace ($USHER_FORCE).
`,
}

// fake writes a program that says these helps, less a line that has the word.
func fake(t *testing.T, less string) string {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\ncase \"$*\" in\n"
	for args, text := range help {
		name := filepath.Join(dir, strings.ReplaceAll(args, " ", "_"))
		kept := ""
		for line := range strings.Lines(text) {
			if less == "" || !strings.Contains(line, less) {
				kept += line
			}
		}
		if err := os.WriteFile(name, []byte(kept), 0o600); err != nil {
			t.Fatal(err)
		}
		script += "'" + args + "') cat '" + name + "' ;;\n"
	}
	path := filepath.Join(dir, "usher")
	if err := os.WriteFile(path, []byte(script+"*) exit 1 ;;\nesac\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// deploy is a copy of the real files.
func deploy(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../deploy")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFilesAsTheyAre(t *testing.T) {
	l, err := lint(t.Context(), deploy(t), fake(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	if !l.report(&said) {
		t.Error(said.String())
	}
	if l.objects != 4 || l.services != 5 || l.nodes != 6 || l.units != 1 || l.flags < 50 || l.variables < 50 {
		t.Error(l.summary())
	}
}

// Each harm is found, and by the check that is there for it.
func TestHarm(t *testing.T) {
	const set, services, budget = "kubernetes/statefulset.yaml", "kubernetes/services.yaml", "kubernetes/disruption.yaml"
	const dc, svc, image, readme = "compose.yaml", "usher.service", "Containerfile", "README.md"
	for _, c := range []struct{ file, from, to, want string }{
		{set, "serviceName:", "servicename:", `unknown field "spec.servicename"`},
		{set, "fsGroup: 65532", "fsGroup: 65532\n        fsGroup: 1", "fsGroup"},
		{set, "replicas: 3", "replicas: three", "replicas"},
		{set, "storage: 20Gi", "storage: 20Gigs", "quantities must match"},
		{set, "replicas: 3", "replicas: 5", "--join has 3 addresses for 5 nodes"},
		{set, "serviceName: usher-peers", "serviceName: usher", "is not headless"},
		{set, "serviceName: usher-peers", "serviceName: others", `no Service "others"`},
		{set, "podManagementPolicy: Parallel", "podManagementPolicy: OrderedReady", "one after the other"},
		{set, "port: ops\n            periodSeconds: 2", "port: operations\n            periodSeconds: 2", "readiness probe asks port operations"},
		{set, "path: /readyz", "path: /healthz", "/healthz, which usher does not answer"},
		{set, "startupProbe:", "livenessProbe:", "already set"},
		{set, "        - name: certs\n          secret", "        - name: secrets\n          secret", `no volume "certs"`},
		{set, "mountPath: /certs", "mountPath: /keys", "--peer-ca /certs/ca.pem is on none of the volumes"},
		{set, "--data=/data/usher", "--data=/usher", "--data /usher is on none"},
		{set, "$(USHER_NODE_ID).usher-peers", "$(POD).usher-peers", "$(POD) is not set"},
		{set, "$(USHER_NODE_ID).usher-peers", "usher-0.usher-peers", "is that of"},
		{set, "usher-2.usher-peers", "usher-2.peers", "usher-2.peers:7000 is none of"},
		{set, "--bootstrap-expect=3", "--bootstrap-expect=1", "--bootstrap-expect 1 for 3 nodes"},
		{set, "--raft-listen=:7000", "--raft-listen=:7001", "another port than --raft-listen"},
		{set, "--raft-listen=:7000", "--raft=:7000", "has no flag --raft"},
		{set, "name: USHER_RAFT_ADVERTISE", "name: USHER_ADVERTISE", "reads no variable USHER_ADVERTISE"},
		{set, "containerPort: 8080", "containerPort: 80", "port 80 is reached from outside"},
		{set, "kubernetes.io/hostname\n              labelSelector:\n                matchLabels:\n                  app.kubernetes.io/name: usher",
			"kubernetes.io/hostname\n              labelSelector:\n                matchLabels:\n                  app: usher", "anti-affinity by kubernetes.io/hostname"},
		{set, "    metadata:\n      labels:\n        app.kubernetes.io/name: usher", "    metadata:\n      labels:\n        app: usher", "does not match its template"},
		{set, "kind: StatefulSet", "kind: DaemonSet", "unknown field"},
		{set, "kind: StatefulSet", "kind: Stateful", "no kind"},
		{services, "targetPort: api", "targetPort: http", "have no port http"},
		{services, "clusterIP: None", "clusterIP: ", "is not headless"},
		{services, "publishNotReadyAddresses: true", "publishNotReadyAddresses: false", "none becomes ready"},
		{services, "  selector:\n    app.kubernetes.io/name: usher\n  ports:\n    - name: api", "  selector:\n    app: usher\n  ports:\n    - name: api", "Service usher: it selects no pods"},
		{budget, "app.kubernetes.io/name: usher\n", "app.kubernetes.io/name: ushers\n", ""}, // only its own label
		{budget, "    matchLabels:\n      app.kubernetes.io/name: usher", "    matchLabels:\n      app.kubernetes.io/name: ushers", "PodDisruptionBudget usher: it selects no pods"},
		{dc, "read_only: true", "readonly: true", "readonly"},
		{dc, "      - data-2:/data", "      - data-4:/data", "data-4"},
		{dc, "      - data-2:/data\n", "", "--data /data is on none of the volumes [/certs]"},
		{dc, "    cert-nodes:\n      condition: service_completed_successfully\n  ulimits", "    certs:\n      condition: service_completed_successfully\n  ulimits", "certs"},
		{dc, "usher-1, usher-2, usher-3", "usher-1, usher-2", `no service makes a certificate for "usher-3"`},
		{dc, "usher-3:7000\n    - --peer-ca", "usher-4:7000\n    - --peer-ca", "usher-4:7000 is none of"},
		{dc, "USHER_PEER_KEY: /certs/usher-2-key.pem", "USHER_PEER_KEY: /certs/usher-1-key.pem", "usher-1-key.pem is that of"},
		{dc, "127.0.0.1:9092:9090", "127.0.0.1:9092:9091", "port 9091 is reached from outside"},
		{dc, "--trust-callers", "--trust-caller", "has no flag --trust-caller"},
		{svc, "--log-format json", "--log json", "has no flag --log"},
		{svc, "LimitNOFILE=", "LimitNOFILES=", "LimitNOFILES"},
		{svc, "Type=exec", "Type=execute", "execute"},
		{svc, "USHER_ALLOWED_ORIGIN", "USHER_ALLOW_ORIGIN", "reads no variable USHER_ALLOW_ORIGIN"},
		{image, `"--trust-callers"]`, `"--trust-all"]`, "has no flag --trust-all"},
		{image, "VOLUME /data", "VOLUME /var", "--data /data is on none"},
		{image, "USER 65532:65532", "USER root", "runs as root"},
		{readme, "--ca ca/ca.pem --dir certs --force", "--ca ca/ca.pem --out certs --force", "has no flag --out"},
		{readme, "usher cert ca --dir ca", "usher ca --dir ca", `no command ["ca"`},
	} {
		dir := deploy(t)
		path := filepath.Join(dir, c.file)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(raw), c.from) {
			t.Errorf("%s has no %q", c.file, c.from)
			continue
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(raw), c.from, c.to, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		expect(t, dir, fake(t, ""), c.file+": "+c.to, c.want)
	}
}

// expect wants a complaint with the words, or none if there are no words.
func expect(t *testing.T, dir, binary, what, want string) {
	t.Helper()
	l, err := lint(t.Context(), dir, binary)
	var said strings.Builder
	ok := err == nil && l.report(&said)
	if err != nil {
		said.WriteString(err.Error())
	}
	if ok != (want == "") || !strings.Contains(said.String(), want) {
		t.Errorf("%s: want %q, got %s", what, want, said.String())
	}
}

// A flag that the program has lost is missed wherever it is used.
func TestLostFlag(t *testing.T) {
	dir := deploy(t)
	for less, want := range map[string]string{
		"--peer-ca":         "has no flag --peer-ca",
		"USHER_PEER_KEY":    "reads no variable USHER_PEER_KEY",
		"--bootstrap":       "has no flag --bootstrap-expect",
		"cert node":         "has no command",
		"--keep":            "has no flag --keep",
		"USHER_RAFT_LISTEN": "README.md:",
	} {
		expect(t, dir, fake(t, less), "without "+less, want)
	}
	if _, err := lint(t.Context(), dir, fake(t, "-")); err == nil {
		t.Error("a program without flags was believed")
	}
	if _, err := lint(t.Context(), dir, filepath.Join(dir, "none")); err == nil {
		t.Error("a program that is not there was believed")
	}
}

// What looked at nothing has not passed.
func TestNothingToLookAt(t *testing.T) {
	dir := deploy(t)
	if err := os.RemoveAll(filepath.Join(dir, "kubernetes")); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, fake(t, ""), "without kubernetes", "nothing was found")
	var said strings.Builder
	if (&findings{}).report(&said) {
		t.Error("nothing at all passes")
	}
}
