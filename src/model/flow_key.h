/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a flow is known by, in the form in which it is found: the lower endpoint first, whoever
 * sent the packet, so that both directions have one key; six words, compared and hashed as such.
 *
 *	words[0..1]  lower address       words[2..3]  higher address
 *	words[4]     lower port 16 | higher port 16 | identifier of the tunnel 32
 *	words[5]     VLANs 2 x 16 | kinds of tunnels 4 x 4 | number of VLANs 8 | protocol 8
 *
 * Of tunnels that name their two directions differently the key has the kind only (GTP-U), or
 * nothing (MPLS: often the labels of one direction are taken off before the other's, RFC
 *3031 3.16).
 */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <weir/flow.h>

#include "decode/layers.h"

#define FLOW_KEY_WORDS 6

struct flow_key {
	uint64_t words[FLOW_KEY_WORDS];
};

/* Secrets of the hash. */
struct flow_hash {
	uint64_t words[FLOW_KEY_WORDS + 2];
};

/* Another hash in each process, and the same for the life of it. */
void flow_hash_init(struct flow_hash *hash);

/* The part of flow_key_make for packets in VLANs or tunnels. */
void flow_key_add_outer(const struct layers *layers, struct flow_key *key);

static inline uint64_t flow_key_word(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* Of layers that are LAYERS_FLOW. Returns true if the source is the higher endpoint. */
static inline bool flow_key_make(const struct layers *layers, struct flow_key *ret_key)
{
	uint64_t from[2] = {flow_key_word(layers->source.bytes),
			    flow_key_word(layers->source.bytes + 8)};
	uint64_t to[2] = {flow_key_word(layers->destination.bytes),
			  flow_key_word(layers->destination.bytes + 8)};
	uint32_t ports = (uint32_t)layers->source_port << 16 | layers->destination_port;
	uint64_t differs[2] = {from[0] ^ to[0], from[1] ^ to[1]};
	/* Any total order will do. Which endpoint is the higher one is a toss-up, so there is no
	 * branch on it; that both have one address is rare. */
	bool higher = ((unsigned __int128)from[1] << 64 | from[0]) >
		      ((unsigned __int128)to[1] << 64 | to[0]);
	uint64_t swap;

	if (__builtin_expect(!(differs[0] | differs[1]), 0))
		higher = layers->source_port > layers->destination_port;
	swap = -(uint64_t)higher;
	differs[0] &= swap;
	differs[1] &= swap;
	ports ^= (ports ^ (ports << 16 | ports >> 16)) & (uint32_t)swap;
	ret_key->words[0] = from[0] ^ differs[0];
	ret_key->words[1] = from[1] ^ differs[1];
	ret_key->words[2] = to[0] ^ differs[0];
	ret_key->words[3] = to[1] ^ differs[1];
	ret_key->words[4] = (uint64_t)ports << 32;
	ret_key->words[5] = layers->proto;
	if (__builtin_expect(layers->n_vlans | layers->n_tunnels, 0))
		flow_key_add_outer(layers, ret_key);
	return higher;
}

/*
 * NH (Black et al., "UMAC", 1999; RFC 4418 5.2.2) with words of 64 bits: two different keys collide
 * with a chance of 2^-64, whatever they are, as long as they were chosen without the secrets. What
 * comes out is 128 bits, of which a second multiplication by secrets makes the 32 that are used.
 * SipHash-1-3 would promise as much, at five times the instructions.
 */
static inline uint32_t flow_key_hash(const struct flow_hash *hash, const struct flow_key *key)
{
	const uint64_t *k = key->words;
	const uint64_t *h = hash->words;
	unsigned __int128 sum = (unsigned __int128)(k[0] + h[0]) * (k[1] + h[1]) +
				(unsigned __int128)(k[2] + h[2]) * (k[3] + h[3]) +
				(unsigned __int128)(k[4] + h[4]) * (k[5] + h[5]);

	sum = (unsigned __int128)((uint64_t)sum ^ h[6]) * ((uint64_t)(sum >> 64) ^ h[7]);
	return (uint32_t)(((uint64_t)sum ^ (uint64_t)(sum >> 64)) >> 32);
}

static inline bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	uint64_t differs = 0;

	for (int i = 0; i < FLOW_KEY_WORDS; i++)
		differs |= a->words[i] ^ b->words[i];
	return differs == 0;
}

/* The key as it is told. initiator_is_higher: which endpoint comes first. mpls: which of the
 * tunnels are MPLS, a bit each. tunnel_id is as in the key, so 0 where the key has none. */
void flow_key_tell(const struct flow_key *key, bool initiator_is_higher, unsigned int mpls,
		   struct weir_flow_key *ret_key);

/* For flow_key_tell. */
unsigned int flow_key_mpls(const struct layers *layers);

static inline uint8_t flow_key_proto(const struct flow_key *key)
{
	return (uint8_t)key->words[5];
}
