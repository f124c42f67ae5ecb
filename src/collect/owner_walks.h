/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * When is it worth walking all open files for owners? At the start, and while sockets have none;
 * never so often that the walks cost more than a fiftieth of a core.
 */

#include <stdbool.h>
#include <stdint.h>

struct bpf_link;
struct bpf_program;
struct conns;

struct owner_walks {
	uint64_t n_walks;
	uint64_t noted_walks;   /* those whose findings a pass has told */
	uint64_t affordable_ns; /* not before: walks have their share of the core and no more */
	uint64_t patient_ns;    /* nor, for what the last walk did not find, before this */
	uint64_t wait_ns;       /* grows while walks find nothing new */
	uint64_t ownerless;     /* rows without an owner after the last pass */
	uint64_t guesses;       /* of the programs, as of the last walk */
	uint64_t skipped;       /* runs of tcp_state the kernel has skipped, likewise */
};

/* Walks if it is time. 0 or a negative errno. */
int owner_walks_run(struct owner_walks *walks, struct conns *skel, uint64_t now_ns);

/* Tells how many rows of the pass just made have no owner, or a guessed one. */
void owner_walks_note(struct owner_walks *walks, uint64_t ownerless, uint64_t now_ns);

/* How often both programs that tell changes of state may have been skipped at once: then sockets
 * may have begun untold, and a walk finds them. */
uint64_t owner_walks_skipped(struct conns *skel);

/* How often the kernel did not run a program because it was running already on that CPU. */
uint64_t bpf_skipped_runs(const struct bpf_program *program);

/* Runs an iterator through once; what it yields it leaves in maps. 0 or a negative errno. */
int bpf_iter_run(struct bpf_link *link);
