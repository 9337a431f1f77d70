#!/usr/bin/env bash
# What a Redis lease does on this machine: a Lua script that takes a free seat and gives a
# growing token, AOF fsync always, pipelined by 128. For comparison with
# `usher bench claims` in the same run. Needs redis-server and redis-benchmark (Debian:
# redis-server, redis-tools). Bounded: N requests.
#
#   docs/bench/redis-lease.sh [N] [CLIENTS] [PIPELINE]
set -euo pipefail
n=${1:-2000000} clients=${2:-32} pipeline=${3:-128}
dir=$(mktemp -d) port=$((20000 + RANDOM % 20000))
redis-server --port "$port" --bind 127.0.0.1 --dir "$dir" --save '' --appendonly yes \
  --appendfsync always --daemonize no --logfile "$dir/log" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$dir"' EXIT
for _ in $(seq 100); do redis-cli -p "$port" ping >/dev/null 2>&1 && break; sleep 0.05; done
# KEYS[1] is the seat, ARGV[1] the holder, ARGV[2] milliseconds; the event's token grows.
script='if redis.call("set",KEYS[1],ARGV[1],"NX","PX",ARGV[2]) then return redis.call("incr","token") end return 0'
sha=$(redis-cli -p "$port" script load "$script")
# Keys from a space far larger than N, so that nearly every claim wins.
redis-benchmark -p "$port" -n "$n" -c "$clients" -P "$pipeline" -r 1000000000 --csv \
  evalsha "$sha" 1 seat:__rand_int__ holder-12 600000
echo "granted: $(redis-cli -p "$port" get token) of $n"
