/* SPDX-License-Identifier: MIT */
#include "export/recording_fields.h"

#include <errno.h>
#include <string.h>

#include "export/recording_varint.h"

/* Members that are kept as they are would have to be turned over (doubles, floats). */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a recording is little-endian");

/* Members are read and written by memcpy: a double or a bool is then only its bits. */
static uint64_t load(const void *at, size_t size)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (size) {
	case 1:
		memcpy(&u8, at, sizeof(u8));
		return u8;
	case 2:
		memcpy(&u16, at, sizeof(u16));
		return u16;
	case 4:
		memcpy(&u32, at, sizeof(u32));
		return u32;
	default:
		memcpy(&u64, at, sizeof(u64));
		return u64;
	}
}

static void store(void *at, size_t size, uint64_t value)
{
	uint8_t u8 = (uint8_t)value;
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;

	switch (size) {
	case 1:
		memcpy(at, &u8, sizeof(u8));
		return;
	case 2:
		memcpy(at, &u16, sizeof(u16));
		return;
	case 4:
		memcpy(at, &u32, sizeof(u32));
		return;
	default:
		memcpy(at, &value, sizeof(value));
		return;
	}
}

static uint64_t max_of(const struct recording_field *field)
{
	if (field->max)
		return field->max;
	return field->size == 8 ? UINT64_MAX : ((uint64_t)1 << 8 * field->size) - 1;
}

size_t recording_fields_room(const struct recording_fields *table)
{
	size_t room = RECORDING_VARINT_MAX;

	for (size_t i = 0; i < table->n; i++) {
		const struct recording_field *field = &table->fields[i];

		room += field->kind == RECORDING_NUMBER ? RECORDING_VARINT_MAX : field->size;
	}
	return room;
}

static bool differs(const struct recording_field *field, const char *before, const char *now)
{
	before += field->offset;
	now += field->offset;
	if (field->kind == RECORDING_NUMBER)
		return load(before, field->size) != load(now, field->size);
	return memcmp(before, now, field->size) != 0;
}

static uint8_t *put(const struct recording_field *field, const char *before, const char *now,
		    uint8_t *to)
{
	before += field->offset;
	now += field->offset;
	if (field->kind == RECORDING_NUMBER)
		return recording_put_varint(
			to, recording_fold(load(now, field->size) - load(before, field->size)));
	memcpy(to, now, field->size);
	return to + field->size;
}

uint8_t *recording_fields_put(const struct recording_fields *table, const void *before,
			      const void *now, uint8_t *to)
{
	uint64_t changed = 0;

	for (size_t i = 0; i < table->n; i++)
		changed |= (uint64_t)differs(&table->fields[i], before, now) << i;
	to = recording_put_varint(to, changed);
	for (; changed; changed &= changed - 1)
		to = put(&table->fields[__builtin_ctzll(changed)], before, now, to);
	return to;
}

static int get_number(const struct recording_field *field, struct bytes *in, char *at)
{
	uint64_t value;
	int r = recording_get_varint(in, &value);

	if (r < 0)
		return r;
	value = load(at, field->size) + recording_unfold(value);
	if (value > max_of(field))
		return -EBADMSG;
	store(at, field->size, value);
	return 0;
}

static int get(const struct recording_field *field, struct bytes *in, char *at)
{
	const uint8_t *bytes;

	at += field->offset;
	if (field->kind == RECORDING_NUMBER)
		return get_number(field, in, at);
	bytes = bytes_take(in, field->size);
	if (!bytes || (field->kind == RECORDING_TEXT && bytes[field->size - 1]))
		return -EBADMSG;
	memcpy(at, bytes, field->size);
	return 0;
}

int recording_fields_get(const struct recording_fields *table, struct bytes *in, void *inout)
{
	uint64_t changed;
	int r = recording_get_varint(in, &changed);

	if (r < 0)
		return r;
	if (table->n < 64 && changed >> table->n)
		return -EBADMSG;
	for (; changed && r == 0; changed &= changed - 1)
		r = get(&table->fields[__builtin_ctzll(changed)], in, inout);
	return r;
}
