/* SPDX-License-Identifier: MIT */
#include "model/flow_key.h"

#include <string.h>

#include "base/hash_index.h"
#include "base/siphash.h"

/* Kinds of tunnels, four bits each, outermost lowest; and whether the identifier is the same in
 * both directions. */
static uint64_t tunnel_kinds(const struct layers *layers, bool *ret_has_id)
{
	uint64_t kinds = 0;

	*ret_has_id = true;
	for (unsigned int i = 0, at = 0; i < layers->n_tunnels; i++) {
		if (layers->tunnels[i] != WEIR_TUNNEL_IPIP)
			*ret_has_id = layers->tunnels[i] != WEIR_TUNNEL_GTPU &&
				      layers->tunnels[i] != WEIR_TUNNEL_MPLS;
		if (layers->tunnels[i] == WEIR_TUNNEL_MPLS)
			continue;
		kinds |= (uint64_t)layers->tunnels[i] << at;
		at += 4;
	}
	return kinds;
}

void flow_key_add_outer(const struct layers *layers, struct flow_key *key)
{
	bool has_id;

	key->words[5] |= (uint64_t)layers->vlan[0] << 48 | (uint64_t)layers->vlan[1] << 32 |
			 tunnel_kinds(layers, &has_id) << 16 | (uint64_t)layers->n_vlans << 8;
	if (has_id)
		key->words[4] |= layers->tunnel_id;
}

unsigned int flow_key_mpls(const struct layers *layers)
{
	unsigned int mpls = 0;

	for (unsigned int i = 0; i < layers->n_tunnels; i++)
		if (layers->tunnels[i] == WEIR_TUNNEL_MPLS)
			mpls |= 1u << i;
	return mpls;
}

void flow_hash_init(struct flow_hash *hash)
{
	uint8_t key[16];

	hash_key(key);
	for (uint64_t i = 0; i < FLOW_KEY_WORDS + 2; i++)
		hash->words[i] = siphash24(key, &i, sizeof(i));
}

void flow_key_tell(const struct flow_key *key, bool initiator_is_higher, unsigned int mpls,
		   struct weir_flow_key *ret_key)
{
	const uint64_t *words = key->words;
	unsigned int first = initiator_is_higher;

	memset(ret_key, 0, sizeof(*ret_key));
	memcpy(ret_key->addr[first].bytes, &words[0], sizeof(ret_key->addr[0]));
	memcpy(ret_key->addr[!first].bytes, &words[2], sizeof(ret_key->addr[0]));
	ret_key->port[first] = (uint16_t)(words[4] >> 48);
	ret_key->port[!first] = (uint16_t)(words[4] >> 32);
	ret_key->proto = (uint8_t)words[5];
	ret_key->n_vlans = (uint8_t)(words[5] >> 8);
	ret_key->vlan[0] = (uint16_t)(words[5] >> 48);
	ret_key->vlan[1] = (uint16_t)(words[5] >> 32);
	ret_key->tunnel_id = (uint32_t)words[4];
	for (unsigned int i = 0, at = 16; i < WEIR_FLOW_TUNNELS_MAX; i++) {
		if (mpls >> i & 1) {
			ret_key->tunnels[i] = WEIR_TUNNEL_MPLS;
			continue;
		}
		ret_key->tunnels[i] = words[5] >> at & 15;
		at += 4;
	}
}
