/* SPDX-License-Identifier: MIT */

/* Cgroup paths as runtimes make them, and what people call them. */

#include <string.h>

#include "collect/cgroup_path.h"
#include "collect/container.h"
#include "tap.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD "pod11112222-3333-4444-5555-666677778888"

static const struct {
	const char *path;
	const char *text;
} containers[] = {
	{"", ""},
	{"/", ""},
	{"/user.slice", ""},
	{"/system.slice/docker-" ID ".scope", "docker:0123456789ab"},
	{"/docker/" ID, "docker:0123456789ab"},
	{"/docker/" ID "/system.slice/nginx.service", "nginx.service"},
	{"/docker/ffff" ID "/docker/" ID, "docker:0123456789ab"},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-" POD
	 ".slice/cri-containerd-" ID ".scope",
	 "containerd:0123456789ab"},
	{"/kubepods.slice/kubepods-" POD ".slice/crio-" ID ".scope", "crio:0123456789ab"},
	{"/kubepods/besteffort/" POD "/" ID, "k8s:0123456789ab"},
	{"/kubepods/besteffort/" POD, ""},
	{"/machine.slice/libpod-" ID ".scope", "podman:0123456789ab"},
	{"/machine.slice/libpod-" ID ".scope/container", "podman:0123456789ab"},
	{"/libpod_parent/libpod-" ID, "podman:0123456789ab"},
	{"/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope"},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope",
	 "podman:0123456789ab"},
	{"/ecs/11112222/" ID, "ecs:0123456789ab"},
	{"/default/" ID, "container:0123456789ab"},
	{"/lxc/web", "lxc:web"},
	{"/lxc/web/init.scope", "init.scope"},
	{"/lxc.payload.web", "lxc:web"},
	{"/lxc.payload/web", "lxc:web"},
	{"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", "machine:qemu-1-vm"},
	{"/machine.slice/machine-\\x.scope", "machine:\\x"},
	{"/machine.slice/machine-.scope", "machine-.scope"},
	{"/system.slice/nginx.service", "nginx.service"},
	{"/system.slice/nginx.service/worker", "nginx.service"},
	{"/system.slice/docker.service", "docker.service"},
	{"/user.slice/user-1000.slice/session-3.scope", "session-3.scope"},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.service", "app-x.service"},
	{"/../../system.slice/docker-" ID ".scope", "docker:0123456789ab"},
	{"/system.slice/docker-tooshort.scope", "docker-tooshort.scope"},
	{"/docker/0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF", ""},
	{"nginx.service", "nginx.service"},
	{"/.service", ""},
	{"///", ""},
};

static const struct {
	const char *what;
	const char *file;
	const char *path;
} cgroups[] = {
	{"v2", "0::/system.slice/nginx.service\n", "/system.slice/nginx.service"},
	{"v2 root", "0::/\n", "/"},
	{"v1 beside an unused v2", "4:memory:/m\n2:name=systemd:/user.slice\n0::/\n",
	 "/user.slice"},
	{"v1, systemd at its root", "9:name=systemd:/\n4:memory:/m/x\n1:cpu:/\n0::/\n", "/m/x"},
	{"v2 tells before v1 does", "4:memory:/m\n2:name=systemd:/s\n0::/u\n", "/u"},
	{"all at the root", "4:memory:/\n0::/\n", "/"},
	{"a colon in the path", "0::/a:b/c::d\n", "/a:b/c::d"},
	{"a cgroup that is gone", "0::/gone (deleted)\n", "/gone"},
	{"no line end", "0::/x", "/x"},
	{"nothing", "", ""},
	{"no lines of that kind", "hello\n:\n", ""},
};

int main(void)
{
	char text[CONTAINER_TEXT_MAX];
	char long_path[400] = "/";
	char path[64];

	for (size_t i = 0; i < sizeof(containers) / sizeof(containers[0]); i++) {
		is_int(container_text(containers[i].path, text), strlen(containers[i].text),
		       "length for \"%s\"", containers[i].path);
		is_str(text, containers[i].text, "text");
	}
	memset(long_path + 1, 'x', 300);
	strcpy(long_path + 301, ".service");
	is_int(container_text(long_path, text), CONTAINER_TEXT_MAX - 1, "a long name is cut");
	is_int(strlen(text), CONTAINER_TEXT_MAX - 1, "and ended");
	for (size_t i = 0; i < sizeof(cgroups) / sizeof(cgroups[0]); i++) {
		cgroup_path_parse(cgroups[i].file, path, sizeof(path));
		is_str(path, cgroups[i].path, "%s", cgroups[i].what);
	}
	cgroup_path_parse("0::/abcdef\n", path, 4);
	is_str(path, "/ab", "cut to its room");
	return tap_done();
}
