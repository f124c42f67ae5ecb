/* SPDX-License-Identifier: MIT */
#pragma once

/* What people call a cgroup: its container or its systemd unit. */

#include <stddef.h>

#define CONTAINER_TEXT_MAX 128

/*
 * From a cgroup path to "docker:0123456789ab", "containerd:…", "crio:…", "podman:…", "k8s:…",
 * "lxc:NAME", "machine:NAME", "nginx.service", "session-3.scope"; "" when the path names neither a
 * container nor a unit. The deepest component that tells wins: a container inside a container is
 * the inner one, and a sub-cgroup of a unit is the unit. Returns the length; longer names are cut.
 */
size_t container_text(const char *cgroup_path, char text[CONTAINER_TEXT_MAX]);
