/* SPDX-License-Identifier: MIT */
#include "model/redact.h"

#include <errno.h>
#include <string.h>

#include "base/siphash.h"
#include "base/text.h"

static bool is_word(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(text, word, len) == 0;
}

int redact_parse(const char *text, struct redact *ret_redact, struct str_buf *error)
{
	struct redact redact = {0};

	for (;;) {
		size_t len = strcspn(text, ",");

		if (is_word(text, len, "remote=hash")) {
			redact.remote_hash = true;
		} else if (is_word(text, len, "user")) {
			redact.user = true;
		} else if (is_word(text, len, "cmd")) {
			redact.cmd = true;
		} else {
			str_buf_puts(error, "cannot redact '");
			text_escape(error, text, len);
			str_buf_puts(error, "': it is one of remote=hash, user, cmd");
			return -EINVAL;
		}
		if (!text[len])
			break;
		text += len + 1;
	}
	*ret_redact = redact;
	return 0;
}

void redact_addr(const struct redact *redact, struct str_buf *buf, const struct weir_addr *addr)
{
	str_buf_printf(
		buf, "h-%016llx",
		(unsigned long long)siphash24(redact->key, addr->bytes, sizeof(addr->bytes)));
}
