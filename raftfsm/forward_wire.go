package raftfsm

import "errors"

var errBadBatch = errors.New("raftfsm: a batch of commands that cannot be read")
