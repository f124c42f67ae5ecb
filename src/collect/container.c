/* SPDX-License-Identifier: MIT */
#include "collect/container.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ID_LENGTH 64
#define ID_SHOWN 12

struct part {
	const char *text;
	size_t len;
};

/* The scopes that container runtimes make under systemd: prefix, 64 hex digits, ".scope". */
static const struct {
	const char *prefix;
	const char *runtime;
} scopes[] = {
	{"docker-", "docker"},      {"cri-containerd-", "containerd"},
	{"nerdctl-", "containerd"}, {"crio-", "crio"},
	{"libpod-", "podman"},
};

static const char *const unit_suffixes[] = {".service", ".scope", ".socket", ".mount", ".swap"};

static bool is(struct part part, const char *text)
{
	return part.len == strlen(text) && memcmp(part.text, text, part.len) == 0;
}

static bool begins(struct part part, const char *text)
{
	return part.len >= strlen(text) && memcmp(part.text, text, strlen(text)) == 0;
}

static bool ends(struct part part, const char *text)
{
	size_t len = strlen(text);

	return part.len > len && memcmp(part.text + part.len - len, text, len) == 0;
}

static struct part without(struct part part, const char *prefix, const char *suffix)
{
	part.text += strlen(prefix);
	part.len -= strlen(prefix) + strlen(suffix);
	return part;
}

static bool is_id(struct part part)
{
	if (part.len != ID_LENGTH)
		return false;
	for (size_t i = 0; i < part.len; i++)
		if (!((part.text[i] >= '0' && part.text[i] <= '9') ||
		      (part.text[i] >= 'a' && part.text[i] <= 'f')))
			return false;
	return true;
}

static size_t put(char text[CONTAINER_TEXT_MAX], const char *kind, struct part name)
{
	int len = snprintf(text, CONTAINER_TEXT_MAX, "%s%s%.*s", kind, kind[0] ? ":" : "",
			   (int)name.len, name.text);

	return len < CONTAINER_TEXT_MAX ? (size_t)len : CONTAINER_TEXT_MAX - 1;
}

static size_t put_id(char text[CONTAINER_TEXT_MAX], const char *kind, struct part id)
{
	id.len = ID_SHOWN;
	return put(text, kind, id);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* machine-NAME.scope; systemd writes "-" in NAME as "\x2d" (systemd.unit(5), escaping). */
static size_t put_machine(char text[CONTAINER_TEXT_MAX], struct part name)
{
	char plain[CONTAINER_TEXT_MAX];
	struct part out = {.text = plain};

	for (size_t i = 0; i < name.len && out.len < sizeof(plain); i++) {
		char c = name.text[i];

		if (c == '\\' && i + 3 < name.len && name.text[i + 1] == 'x' &&
		    hex(name.text[i + 2]) >= 0 && hex(name.text[i + 3]) >= 0) {
			c = (char)(hex(name.text[i + 2]) << 4 | hex(name.text[i + 3]));
			i += 3;
		}
		plain[out.len++] = c;
	}
	return put(text, "machine", out);
}

/* A bare 64-digit id is named after what it stands in (cgroupfs drivers). */
static const char *runtime_of(struct part parent, const char *path)
{
	if (is(parent, "docker"))
		return "docker";
	if (strstr(path, "/kubepods"))
		return "k8s";
	if (begins((struct part){path, strlen(path)}, "/ecs/"))
		return "ecs";
	return "container";
}

static size_t container_of(struct part part, struct part parent, const char *path, char *text)
{
	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		struct part id;

		if (!begins(part, scopes[i].prefix) || !ends(part, ".scope"))
			continue;
		if (part.len != strlen(scopes[i].prefix) + ID_LENGTH + strlen(".scope"))
			continue;
		id = without(part, scopes[i].prefix, ".scope");
		if (is_id(id))
			return put_id(text, scopes[i].runtime, id);
	}
	if (is_id(part))
		return put_id(text, runtime_of(parent, path), part);
	if (begins(part, "libpod-") && is_id(without(part, "libpod-", "")))
		return put_id(text, "podman", without(part, "libpod-", ""));
	if (begins(part, "lxc.payload.") && part.len > strlen("lxc.payload."))
		return put(text, "lxc", without(part, "lxc.payload.", ""));
	if (is(parent, "lxc") || is(parent, "lxc.payload"))
		return put(text, "lxc", part);
	if (begins(part, "machine-") && ends(part, ".scope") && part.len > strlen("machine-.scope"))
		return put_machine(text, without(part, "machine-", ".scope"));
	return 0;
}

size_t container_text(const char *cgroup_path, char text[CONTAINER_TEXT_MAX])
{
	const char *end = cgroup_path + strlen(cgroup_path);

	text[0] = '\0';
	while (end > cgroup_path) {
		const char *start = memrchr(cgroup_path, '/', (size_t)(end - cgroup_path));
		struct part part, parent = {"", 0};
		size_t len;

		part.text = start ? start + 1 : cgroup_path;
		part.len = (size_t)(end - part.text);
		if (start && start > cgroup_path) {
			const char *up = memrchr(cgroup_path, '/', (size_t)(start - cgroup_path));

			parent.text = up ? up + 1 : cgroup_path;
			parent.len = (size_t)(start - parent.text);
		}
		len = part.len ? container_of(part, parent, cgroup_path, text) : 0;
		if (len)
			return len;
		for (size_t i = 0; i < sizeof(unit_suffixes) / sizeof(unit_suffixes[0]); i++)
			if (ends(part, unit_suffixes[i]))
				return put(text, "", part);
		end = start ? start : cgroup_path;
	}
	return 0;
}
