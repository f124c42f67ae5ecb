/* SPDX-License-Identifier: MIT */

/*
 * Text to tests, by recursive descent. A fragment is a stretch of tests whose exits are still
 * open: two lists of them, threaded through the tests' own next[], filled in as soon as it is
 * known what follows (backpatching). So there is no tree, and running a filter needs no stack.
 */

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "model/filter_code.h"

enum token_kind {
	TOKEN_END,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_WORD,
	TOKEN_STRING, /* at and len are what stands between the quotes */
	TOKEN_OPERATOR,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_IN,
};

struct token {
	enum token_kind kind;
	const char *at;
	size_t len;
	uint8_t op; /* of TOKEN_OPERATOR: enum filter_op */
	bool negate;
};

struct parser {
	const char *text;
	const char *at; /* behind token */
	struct token token;
	struct filter *filter;
	size_t max_tests; /* room in filter->tests */
	size_t texts_len;
	unsigned depth;
	struct filter_error *error;
};

/* An exit is test * 2 + (1 for true); an open exit holds the next of its list. */
#define NO_EXIT 0xffff

struct fragment {
	uint16_t entry;
	uint16_t on_true;
	uint16_t on_false;
};

_Static_assert(FILTER_TESTS_MAX * 2 < FILTER_REJECT, "exits and targets share 16 bits");

static size_t column_of(const char *text, const char *at)
{
	size_t column = 1;

	for (; text < at; text++)
		column += ((unsigned char)*text & 0xc0) != 0x80;
	return column;
}

/* Always -EINVAL, to be returned. */
static int __attribute__((format(printf, 3, 4)))
fail(struct parser *p, const char *at, const char *format, ...)
{
	va_list args;

	p->error->column = column_of(p->text, at);
	va_start(args, format);
	vsnprintf(p->error->message, sizeof(p->error->message), format, args);
	va_end(args);
	return -EINVAL;
}

struct excerpt {
	char text[36];
};

/* The beginning of a token, fit for a terminal. */
static struct excerpt excerpt(const struct token *token)
{
	struct excerpt excerpt = {0};
	size_t at = 0;
	size_t to = 0;
	size_t len;
	uint32_t code;

	while (at < token->len) {
		if (to > sizeof(excerpt.text) - 8) {
			memcpy(excerpt.text + to, "...", 3);
			break;
		}
		len = text_utf8_next(token->at + at, token->len - at, &code);
		if (!len || text_is_control(code)) {
			excerpt.text[to++] = '?';
			at += len ? len : 1;
			continue;
		}
		memcpy(excerpt.text + to, token->at + at, len);
		to += len;
		at += len;
	}
	return excerpt;
}

static bool is_word_byte(char c)
{
	/* Space and all controls end a word, and so does what has a meaning of its own. */
	return (unsigned char)c > ' ' && !strchr("()\",=!~<>", c);
}

static enum token_kind keyword(const char *word, size_t len)
{
	static const struct {
		const char *name;
		enum token_kind kind;
	} keywords[] = {
		{"and", TOKEN_AND},
		{"or", TOKEN_OR},
		{"not", TOKEN_NOT},
		{"in", TOKEN_IN},
	};

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (strlen(keywords[i].name) == len && !strncasecmp(keywords[i].name, word, len))
			return keywords[i].kind;
	}
	return TOKEN_WORD;
}

static int read_string(struct parser *p, struct token *token)
{
	const char *at = token->at + 1;

	while (*at && *at != '"')
		at += *at == '\\' && at[1] ? 2 : 1;
	if (!*at)
		return fail(p, token->at, "this quote is not closed");
	token->kind = TOKEN_STRING;
	token->at++;
	token->len = (size_t)(at - token->at);
	p->at = at + 1;
	return 0;
}

static bool read_operator(struct parser *p, struct token *token)
{
	static const struct {
		const char *text;
		uint8_t op;
		bool negate;
	} operators[] = {
		{"!=", FILTER_EQ, true},   {"<=", FILTER_LE, false}, {">=", FILTER_GE, false},
		{"=", FILTER_EQ, false},   {"<", FILTER_LT, false},  {">", FILTER_GT, false},
		{"~", FILTER_PART, false},
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		token->len = strlen(operators[i].text);
		if (strncmp(token->at, operators[i].text, token->len) != 0)
			continue;
		token->kind = TOKEN_OPERATOR;
		token->op = operators[i].op;
		token->negate = operators[i].negate;
		p->at += token->len;
		return true;
	}
	return false;
}

/* Reads the next token into p->token. */
static int advance(struct parser *p)
{
	struct token *token = &p->token;

	p->at += strspn(p->at, " \t\r\n");
	*token = (struct token){.kind = TOKEN_END, .at = p->at};
	if (!*p->at)
		return 0;
	if (*p->at == '"')
		return read_string(p, token);
	if (read_operator(p, token))
		return 0;
	token->len = 1;
	if (*p->at == '(')
		token->kind = TOKEN_OPEN;
	else if (*p->at == ')')
		token->kind = TOKEN_CLOSE;
	else if (*p->at == ',')
		token->kind = TOKEN_COMMA;
	else if (!is_word_byte(*p->at))
		return fail(p, p->at, "unexpected '%s'", excerpt(token).text);
	if (token->kind == TOKEN_END) {
		while (is_word_byte(p->at[token->len]))
			token->len++;
		token->kind = keyword(p->at, token->len);
	}
	p->at += token->len;
	return 0;
}

static bool is_value(const struct token *token)
{
	return token->kind == TOKEN_WORD || token->kind == TOKEN_STRING;
}

static uint16_t *exit_at(struct parser *p, uint16_t exit)
{
	return &p->filter->tests[exit / 2].next[exit % 2];
}

static void patch(struct parser *p, uint16_t exit, uint16_t target)
{
	while (exit != NO_EXIT) {
		uint16_t *place = exit_at(p, exit);

		exit = *place;
		*place = target;
	}
}

static uint16_t join(struct parser *p, uint16_t a, uint16_t b)
{
	uint16_t last = a;

	if (a == NO_EXIT)
		return b;
	while (*exit_at(p, last) != NO_EXIT)
		last = *exit_at(p, last);
	*exit_at(p, last) = b;
	return a;
}

static struct fragment both(struct parser *p, struct fragment a, struct fragment b)
{
	patch(p, a.on_true, b.entry);
	return (struct fragment){a.entry, b.on_true, join(p, a.on_false, b.on_false)};
}

static struct fragment either(struct parser *p, struct fragment a, struct fragment b)
{
	patch(p, a.on_false, b.entry);
	return (struct fragment){a.entry, join(p, a.on_true, b.on_true), b.on_false};
}

/* Copies a word, or a string without its backslashes, to where the filter keeps it. */
static char *keep_text(struct parser *p, const struct token *token)
{
	char *text = p->filter->texts + p->texts_len;
	char *to = text;

	for (size_t i = 0; i < token->len; i++) {
		if (token->kind == TOKEN_STRING && token->at[i] == '\\')
			i++;
		*to++ = token->at[i];
	}
	*to++ = '\0';
	p->texts_len += (size_t)(to - text);
	return text;
}

static int add_test(struct parser *p, const struct token *token, const struct filter_test *test,
		    struct fragment *ret_fragment)
{
	struct filter *filter = p->filter;
	uint16_t at = (uint16_t)filter->n_tests;
	size_t more = p->max_tests ? p->max_tests * 2 : 8;
	struct filter_test *tests;

	if (filter->n_tests == FILTER_TESTS_MAX)
		return fail(p, token->at, "more than %d conditions", FILTER_TESTS_MAX);
	if (filter->n_tests == p->max_tests) {
		tests = realloc(filter->tests, more * sizeof(*tests));
		if (!tests)
			return -ENOMEM;
		filter->tests = tests;
		p->max_tests = more;
	}
	filter->tests[at] = *test;
	filter->tests[at].next[0] = NO_EXIT;
	filter->tests[at].next[1] = NO_EXIT;
	filter->n_tests++;
	*ret_fragment = (struct fragment){at, (uint16_t)(at * 2 + 1), (uint16_t)(at * 2)};
	return 0;
}

/* The value at the current token, under what template says of field and operator. after: the
 * token before it, for the error. */
static int parse_value(struct parser *p, const struct token *after,
		       const struct filter_test *template, struct fragment *ret_fragment)
{
	struct token value = p->token;
	struct filter_test test = *template;
	const char *wanted = NULL;
	int r;

	if (!is_value(&value))
		return fail(p, value.at, "expected a value after '%s'", excerpt(after).text);
	r = filter_value_compile(&test, keep_text(p, &value), test.op == FILTER_EQ, &wanted);
	if (r < 0)
		return fail(p, value.at, "expected %s, got '%s'", wanted, excerpt(&value).text);
	r = add_test(p, &value, &test, ret_fragment);
	return r < 0 ? r : advance(p);
}

/* From the opening parenthesis of `in (a, b)` to the closing one. */
static int parse_list(struct parser *p, const struct filter_test *template,
		      struct fragment *ret_fragment)
{
	struct token before = p->token;
	struct fragment all;
	struct fragment one;
	bool first = true;
	int r;

	do {
		r = advance(p);
		if (r >= 0)
			r = parse_value(p, &before, template, &one);
		if (r < 0)
			return r;
		all = first ? one : either(p, all, one);
		first = false;
		before = p->token;
	} while (p->token.kind == TOKEN_COMMA);
	if (p->token.kind != TOKEN_CLOSE)
		return fail(p, p->token.at, "expected ',' or ')' in the list");
	*ret_fragment = all;
	return advance(p);
}

static int check_operator(struct parser *p, const struct token *op, const struct token *name,
			  enum filter_type type)
{
	bool is_order = op->kind == TOKEN_OPERATOR && op->op != FILTER_EQ && op->op != FILTER_PART;
	bool is_part = op->kind == TOKEN_OPERATOR && op->op == FILTER_PART;

	if ((is_order && type != FILTER_TYPE_NUMBER) || (is_part && type == FILTER_TYPE_NUMBER))
		return fail(p, op->at, "'%s' does not apply to %s", excerpt(op).text,
			    excerpt(name).text);
	return 0;
}

/* From the operator on. */
static int parse_comparison(struct parser *p, const struct token *name, enum filter_field field,
			    struct fragment *ret_fragment)
{
	struct token op = p->token;
	struct filter_test test = {.field = (uint8_t)field, .op = op.op, .negate = op.negate};
	int r;

	r = check_operator(p, &op, name, filter_field_type(field));
	if (r >= 0)
		r = advance(p);
	if (r < 0)
		return r;
	if (op.kind == TOKEN_IN && p->token.kind == TOKEN_OPEN)
		return parse_list(p, &test, ret_fragment);
	return parse_value(p, &op, &test, ret_fragment);
}

static int find_field(const struct token *name, enum filter_field *ret_field)
{
	char text[16];

	if (name->kind != TOKEN_WORD || name->len >= sizeof(text))
		return -ENOENT;
	memcpy(text, name->at, name->len);
	text[name->len] = '\0';
	return filter_field_find(text, ret_field);
}

static int add_word(struct parser *p, const struct token *word, struct fragment *ret_fragment)
{
	struct filter_test test = {.field = FILTER_WORD, .op = FILTER_PART};
	char *text = keep_text(p, word);
	enum filter_field field;
	const char *wanted = NULL;
	int r;

	if (word->kind == TOKEN_WORD && filter_name_find(text, &field, &test.mask) == 0) {
		test.field = (uint8_t)field;
		test.op = FILTER_EQ;
	} else {
		/* Any text is a word. */
		r = filter_value_compile(&test, text, false, &wanted);
		assert(r == 0);
	}
	return add_test(p, word, &test, ret_fragment);
}

/* A test that begins with the current token, a word or a string. */
static int parse_test(struct parser *p, struct fragment *ret_fragment)
{
	struct token name = p->token;
	struct filter_test test = {.op = FILTER_EQ};
	enum filter_field field = FILTER_WORD;
	bool is_field = find_field(&name, &field) == 0;
	int r;

	r = advance(p);
	if (r < 0)
		return r;
	if (p->token.kind == TOKEN_OPERATOR || p->token.kind == TOKEN_IN) {
		if (!is_field)
			return fail(p, name.at, "unknown field '%s'", excerpt(&name).text);
		return parse_comparison(p, &name, field, ret_fragment);
	}
	if (!is_field)
		return add_word(p, &name, ret_fragment);
	if (!is_value(&p->token))
		return fail(p, p->token.at, "expected an operator or a value after '%s'",
			    excerpt(&name).text);
	test.field = (uint8_t)field;
	return parse_value(p, &name, &test, ret_fragment);
}

static int parse_expression(struct parser *p, struct fragment *ret_fragment);

/* From the opening parenthesis to the closing one. */
static int parse_group(struct parser *p, struct fragment *ret_fragment)
{
	const char *open = p->token.at;
	int r;

	if (p->depth == FILTER_DEPTH_MAX)
		return fail(p, open, "more than %d parentheses inside one another",
			    FILTER_DEPTH_MAX);
	p->depth++;
	r = advance(p);
	if (r >= 0)
		r = parse_expression(p, ret_fragment);
	if (r < 0)
		return r;
	p->depth--;
	if (p->token.kind == TOKEN_END)
		return fail(p, open, "this '(' is not closed");
	if (p->token.kind != TOKEN_CLOSE)
		return fail(p, p->token.at, "expected 'and', 'or' or ')', got '%s'",
			    excerpt(&p->token).text);
	return advance(p);
}

static int parse_factor(struct parser *p, struct fragment *ret_fragment)
{
	struct fragment fragment;
	bool negate = false;
	int r = 0;

	for (; r >= 0 && p->token.kind == TOKEN_NOT; r = advance(p))
		negate = !negate;
	if (r < 0)
		return r;
	if (p->token.kind == TOKEN_OPEN)
		r = parse_group(p, &fragment);
	else if (is_value(&p->token))
		r = parse_test(p, &fragment);
	else if (p->token.kind == TOKEN_END)
		r = fail(p, p->token.at, "expected a condition, got the end");
	else
		r = fail(p, p->token.at, "expected a condition, got '%s'", excerpt(&p->token).text);
	if (r < 0)
		return r;
	*ret_fragment = fragment;
	if (negate) {
		ret_fragment->on_true = fragment.on_false;
		ret_fragment->on_false = fragment.on_true;
	}
	return 0;
}

static int parse_term(struct parser *p, struct fragment *ret_fragment)
{
	struct fragment all;
	struct fragment one;
	int r;

	r = parse_factor(p, &all);
	while (r >= 0 && p->token.kind == TOKEN_AND) {
		r = advance(p);
		if (r >= 0)
			r = parse_factor(p, &one);
		if (r >= 0)
			all = both(p, all, one);
	}
	if (r >= 0)
		*ret_fragment = all;
	return r;
}

static int parse_expression(struct parser *p, struct fragment *ret_fragment)
{
	struct fragment all;
	struct fragment one;
	int r;

	r = parse_term(p, &all);
	while (r >= 0 && p->token.kind == TOKEN_OR) {
		r = advance(p);
		if (r >= 0)
			r = parse_term(p, &one);
		if (r >= 0)
			all = either(p, all, one);
	}
	if (r >= 0)
		*ret_fragment = all;
	return r;
}

static int parse_all(struct parser *p)
{
	struct fragment all;
	int r;

	if (strlen(p->text) > FILTER_LENGTH_MAX)
		return fail(p, p->text + FILTER_LENGTH_MAX,
			    "the expression is longer than %d bytes", FILTER_LENGTH_MAX);
	r = advance(p);
	if (r < 0)
		return r;
	if (p->token.kind == TOKEN_END)
		return fail(p, p->text, "the expression is empty");
	r = parse_expression(p, &all);
	if (r < 0)
		return r;
	if (p->token.kind != TOKEN_END)
		return fail(p, p->token.at, "expected 'and', 'or' or the end, got '%s'",
			    excerpt(&p->token).text);
	patch(p, all.on_true, FILTER_ACCEPT);
	patch(p, all.on_false, FILTER_REJECT);
	return 0;
}

int filter_parse(const char *text, struct filter **ret_filter, struct filter_error *ret_error)
{
	CLEANUP(filter_free_p) struct filter *filter = calloc(1, sizeof(*filter));
	struct filter_error error = {.message = "out of memory"};
	struct parser parser = {.text = text, .at = text, .filter = filter, .error = &error};
	int r = -ENOMEM;

	/* Each kept word stands in the text with a byte behind it that is no part of it. */
	if (filter)
		filter->texts = malloc(strlen(text) + 2);
	if (filter && filter->texts)
		r = parse_all(&parser);
	if (r >= 0)
		*ret_filter = STEAL(filter);
	else if (ret_error)
		*ret_error = error;
	return r;
}
