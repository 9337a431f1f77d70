package main

import (
	"path"
	"strings"
)

// call is one way in which a file has usher called.
type call struct {
	where  string            // the file and the place in it
	args   []string          // without the program's name
	env    map[string]string // what is set for it
	mounts []string          // folders of a container that are not the image's; nil if there is no container
	ports  []string          // that are reached from outside
}

// value is what the call gives for a flag, on the command line or by variable.
func (c *call) value(flag string) string {
	for i, arg := range c.args {
		if v, ok := strings.CutPrefix(arg, "--"+flag+"="); ok {
			return v
		}
		if arg == "--"+flag && i+1 < len(c.args) {
			return c.args[i+1]
		}
	}
	return c.env["USHER_"+strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))]
}

func (c *call) is(command string) bool {
	return strings.HasPrefix(strings.Join(c.args, " ")+" ", command+" ")
}

// places are the flags whose values are paths.
var places = []string{"data", "dir", "ca", "ca-key", "peer-cert", "peer-key", "peer-ca"}

// checkMounts wants what is read and written to be on a volume: all else is read-only, or
// gone with the container.
func (c *call) checkMounts(l *findings) {
	for _, flag := range places {
		at := c.value(flag)
		if at == "" {
			continue
		}
		inside := false
		for _, mount := range c.mounts {
			inside = inside || at == mount || strings.HasPrefix(at, path.Clean(mount)+"/")
		}
		if !inside {
			l.add(c.where, "--%s %s is on none of the volumes %v", flag, at, c.mounts)
		}
	}
}

// checkPorts wants what is reached from outside to be listened to.
func (c *call) checkPorts(l *findings) {
	listens := map[string]bool{}
	for _, flag := range []string{"listen", "admin-listen", "raft-listen"} {
		listens[portOf(c.value(flag))] = true
	}
	for _, port := range c.ports {
		if !listens[port] {
			l.add(c.where, "port %s is reached from outside, and usher does not listen to it", port)
		}
	}
}

func portOf(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

func hostOf(addr string) string { return addr[:max(0, strings.LastIndexByte(addr, ':'))] }
