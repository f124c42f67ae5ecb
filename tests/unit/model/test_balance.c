/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "conn_events.h"
#include "model/balance.h"
#include "tap.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define OWN_NETNS 4026531840U

/* A host of three interfaces; bytes and packets are set as each reading is made. */
enum { LO, ETH, BRIDGE, N_LINKS };

struct host {
	struct balance_book *book;
	struct weir_link links[N_LINKS];
	uint64_t forwarded;
};

static void begin(struct host *host, const char *only)
{
	*host = (struct host){
		.links = {{.index = 1, .name = "lo", .is_up = true, .is_loopback = true},
			  {.index = 2, .name = "eth0", .is_up = true},
			  {.index = 3, .name = "br0", .is_up = true}},
	};
	is_int(balance_book_new(only, &host->book), 0, "a book");
}

static void carry(struct host *host, int which, uint64_t rx_bytes, uint64_t tx_bytes)
{
	struct weir_link *link = &host->links[which];

	link->rx_bytes += rx_bytes;
	link->tx_bytes += tx_bytes;
	link->rx_packets += rx_bytes / 1000;
	link->tx_packets += tx_bytes / 1000;
}

static struct balance read_with(struct host *host, uint64_t now_ns,
				const struct conn_row *const *rows, size_t n_rows)
{
	static const struct {
		uint32_t link;
		const char *addr;
	} addrs[] = {
		{2, "192.0.2.5"}, {1, "127.0.0.1"}, {2, "2001:db8::5"},
		{1, "::1"},       {2, "192.0.2.4"}, {3, "10.9.0.1"},
	};
	/* The last one is told as closed. */
	const struct conn_tick tick = {
		.active = rows,
		.n_active = n_rows ? n_rows - 1 : 0,
		.closed = n_rows ? rows + n_rows - 1 : NULL,
		.n_closed = n_rows ? 1 : 0,
		.now_ns = now_ns,
	};
	struct balance balance;

	balance_begin(host->book);
	for (int i = 0; i < N_LINKS; i++)
		balance_link(host->book, &host->links[i]);
	for (size_t i = 0; i < N_ELEMENTS(addrs); i++) {
		struct weir_addr addr = addr_of(addrs[i].addr);

		balance_addr(host->book, addrs[i].link, &addr);
	}
	balance_forwarded(host->book, host->forwarded);
	balance_close(host->book, &tick, OWN_NETNS, 7, &balance);
	return balance;
}

static struct conn_row row_of(const char *local, const char *remote, uint64_t in, uint64_t out)
{
	struct conn_row row = {
		.id = id_of(WEIR_PROTO_TCP),
		.owner = owner_of(1, "x", WEIR_EVIDENCE_FILE),
		.delta_in = in,
		.delta_out = out,
	};

	row.id.local = addr_of(local);
	row.id.remote = addr_of(remote);
	row.id.netns = OWN_NETNS;
	return row;
}

/* One of each kind; each side of what does not count would be seen at once. */
#define MUCH (1ULL << 30)

#define N_KINDS 8

static void fill(struct conn_row rows[N_KINDS], const struct conn_row *pointers[N_KINDS])
{
	rows[0] = row_of("192.0.2.5", "198.51.100.1", 40000, 10000);
	rows[0].delta_retrans = 1600;
	rows[1] = row_of("2001:db8::5", "2001:db8::9", 10000, 0);
	rows[2] = row_of("192.0.2.4", "198.51.100.1", 5000, 5000);
	rows[2].owner.pid = 0;
	rows[2].owner.unknown = WEIR_UNKNOWN_EXITED;
	rows[3] = row_of("127.0.0.1", "127.0.0.1", MUCH, MUCH);
	rows[4] = row_of("192.0.2.5", "10.9.0.1", MUCH, MUCH); /* to itself */
	rows[5] = row_of("192.0.2.5", "198.51.100.1", MUCH, MUCH);
	rows[5].id.netns = OWN_NETNS + 1;
	rows[6] = row_of("10.9.0.1", "10.9.0.2", MUCH, MUCH);
	rows[7] = row_of("192.0.2.5", "198.51.100.2", 4000, 400); /* closed */
	rows[7].owner.pid = 0;
	rows[7].owner.unknown = WEIR_UNKNOWN_KERNEL;
	for (size_t i = 0; i < N_KINDS; i++)
		pointers[i] = &rows[i];
}

static void test_sides(const struct balance *b)
{
	is_int(b->in.link_bytes, 100000, "its bytes");
	is_int(b->in.link_packets, 100, "and packets");
	is_int(b->in.socket_bytes, 54000, "payload of those with an owner, the kernel too");
	is_int(b->in.ownerless_bytes, 5000, "and of those without");
	/* 14 + 20 + 20 for 49,000 of the payload, 20 more for IPv6's 10,000 */
	is_int(b->in.header_bytes, (54 * 49000 + 74 * 10000) / 59000.0 * 100, "their headers");
	is_int(b->in.other_bytes, 100000 - 59000 - b->in.header_bytes, "and the rest");
	is_int(b->out.socket_bytes, 10400, "out");
	is_int(b->out.retrans_bytes, 1600, "what was sent twice");
	is_int(b->out.header_bytes, 54 * 20, "with headers");
	is_int(b->out.other_bytes, 20000 - 10400 - 5000 - 1600 - 54 * 20, "and a rest");
	is_int(b->in.retrans_bytes, 0, "nobody knows what the peers sent twice");
}

static void test_books(void)
{
	struct conn_row rows[N_KINDS];
	const struct conn_row *pointers[N_KINDS];
	struct balance b;
	struct host host;

	fill(rows, pointers);
	begin(&host, NULL);
	carry(&host, ETH, 1 << 20, 1 << 20);
	host.forwarded = 100;
	b = read_with(&host, 10 * SEC, pointers, N_KINDS);
	ok(b.seconds == 0 && b.in.link_bytes == 0 && b.forwarded_packets == 0 && b.accounted == 0,
	   "one reading is no interval");
	is_str(b.link, "eth0", "but has an interface");
	carry(&host, ETH, 100000, 20000);
	host.forwarded = 142;
	b = read_with(&host, 12 * SEC, pointers, N_KINDS);
	is_str(b.link, "eth0", "the busiest");
	ok(b.seconds == 2 && b.rx_rate == 50000 && b.tx_rate == 10000, "its rates");
	test_sides(&b);
	ok(b.accounted == 1 - (double)(b.in.other_bytes + b.out.other_bytes) / 120000,
	   "all but the rest is accounted for");
	is_int(b.forwarded_packets, 42, "forwarded");
	is_int(b.lost_events, 7, "what the source has lost");
	balance_book_free(host.book);
}

static void test_refused(void)
{
	struct host host;

	begin(&host, NULL);
	(void)read_with(&host, SEC, NULL, 0);
	is_int(balance_refused(host.book), 0, "there is a place for all");
	balance_begin(host.book);
	for (uint32_t i = 1; i <= BALANCE_LINKS_MAX + 3; i++) {
		struct weir_link link = {.index = i, .name = "x"};

		balance_link(host.book, &link);
	}
	is_int(balance_refused(host.book), 3, "those without a place are counted");
	balance_begin(host.book);
	is_int(balance_refused(host.book), 0, "anew in each reading");
	balance_book_free(host.book);
}

static void test_excess(void)
{
	struct conn_row rows[] = {row_of("192.0.2.5", "198.51.100.1", 960, 3000)};
	const struct conn_row *pointers[] = {&rows[0]};
	struct balance b;
	struct host host;

	begin(&host, NULL);
	carry(&host, ETH, 5000, 5000);
	read_with(&host, SEC, NULL, 0);
	carry(&host, ETH, 1000, 2000);
	b = read_with(&host, 2 * SEC, pointers, 1);
	ok(b.accounted == 1 && b.in.other_bytes == 0 && b.out.other_bytes == 0,
	   "sockets that are ahead of their link account for all of it and no more");
	is_int(b.in.header_bytes, 40, "headers take what there is");
	is_int(b.out.header_bytes, 0, "or nothing");
	b = read_with(&host, 3 * SEC, NULL, 0);
	ok(b.accounted == 1 && b.seconds == 1, "of nothing everything is accounted for");
	balance_book_free(host.book);
}

static void test_retrans_share(void)
{
	struct conn_row rows[] = {row_of("192.0.2.5", "198.51.100.1", 0, 900),
				  row_of("172.17.0.2", "198.51.100.1", 0, 0),
				  row_of("192.0.2.5", "198.51.100.1", 0, 1 << 20)};
	const struct conn_row *pointers[] = {&rows[0], &rows[1], &rows[2]};
	struct balance b;
	struct host host;

	rows[1].delta_retrans = 100;
	rows[1].id.netns = OWN_NETNS + 1;
	rows[2].id.proto = WEIR_PROTO_UDP;
	begin(&host, NULL);
	b = read_with(&host, SEC, pointers, 3);
	ok(b.retrans_share == 0.1, "a tenth of what TCP sent, wherever it is");
	balance_book_free(host.book);
}

static void test_choice(void)
{
	struct host host;
	struct balance b;

	begin(&host, NULL);
	read_with(&host, 1 * SEC, NULL, 0);
	carry(&host, LO, 9000, 9000);
	b = read_with(&host, 2 * SEC, NULL, 0);
	is_str(b.link, "lo", "loopback, where there is no other traffic");
	carry(&host, LO, 9000, 9000);
	carry(&host, ETH, 0, 60);
	b = read_with(&host, 3 * SEC, NULL, 0);
	is_str(b.link, "eth0", "any other traffic is preferred");
	ok(b.seconds == 1 && b.out.link_bytes == 60, "with its interval");
	carry(&host, ETH, 5000, 0);
	carry(&host, BRIDGE, 9999, 0);
	b = read_with(&host, 4 * SEC, NULL, 0);
	is_str(b.link, "eth0", "a little more elsewhere is no reason to look there");
	carry(&host, ETH, 5000, 0);
	carry(&host, BRIDGE, 10001, 0);
	b = read_with(&host, 5 * SEC, NULL, 0);
	is_str(b.link, "br0", "twice as much is");
	host.links[BRIDGE].is_up = false;
	carry(&host, BRIDGE, 1 << 20, 0);
	b = read_with(&host, 6 * SEC, NULL, 0);
	is_str(b.link, "eth0", "what is down is not looked at");
	host.links[BRIDGE].is_up = true;
	host.links[BRIDGE].index = 9; /* without an address */
	carry(&host, BRIDGE, 1 << 20, 0);
	read_with(&host, 7 * SEC, NULL, 0);
	carry(&host, BRIDGE, 1 << 20, 0);
	b = read_with(&host, 8 * SEC, NULL, 0);
	is_str(b.link, "eth0", "nor what has no address, where another has one");
	balance_book_free(host.book);
}

static void test_only(void)
{
	struct conn_row rows[] = {row_of("127.0.0.1", "127.0.0.1", 0, 500),
				  row_of("::1", "::1", 500, 0),
				  row_of("192.0.2.5", "192.0.2.4", 100, 0),
				  row_of("192.0.2.5", "198.51.100.1", 1 << 20, 1 << 20)};
	const struct conn_row *pointers[] = {&rows[0], &rows[1], &rows[2], &rows[3]};
	struct host host;
	struct balance b;

	begin(&host, "lo");
	carry(&host, ETH, 1 << 20, 1 << 20);
	read_with(&host, 1 * SEC, NULL, 0);
	carry(&host, ETH, 1 << 20, 1 << 20);
	carry(&host, LO, 2000, 2000);
	b = read_with(&host, 2 * SEC, pointers, 4);
	is_str(b.link, "lo", "the one that is wanted");
	is_int(b.in.socket_bytes, 600, "what a host sends to itself is on loopback");
	is_int(b.out.socket_bytes, 500, "both ways");
	balance_book_free(host.book);
	begin(&host, "wlan0");
	read_with(&host, 1 * SEC, NULL, 0);
	b = read_with(&host, 2 * SEC, pointers, 4);
	ok(b.link[0] == '\0' && b.seconds == 0, "one that is not there");
	balance_book_free(host.book);
}

static void test_new_beginnings(void)
{
	struct host host;
	struct balance b;

	begin(&host, NULL);
	carry(&host, ETH, 5000, 5000);
	host.forwarded = 50;
	read_with(&host, 1 * SEC, NULL, 0);
	host.links[ETH].rx_bytes = 100;
	host.forwarded = 10;
	b = read_with(&host, 2 * SEC, NULL, 0);
	ok(b.seconds == 0 && b.forwarded_packets == 0, "counters that began again are no interval");
	carry(&host, ETH, 100, 0);
	b = read_with(&host, 3 * SEC, NULL, 0);
	ok(b.seconds == 1 && b.in.link_bytes == 100, "the next one is");
	snprintf(host.links[ETH].name, sizeof(host.links[ETH].name), "eth1");
	b = read_with(&host, 4 * SEC, NULL, 0);
	ok(b.seconds == 0, "another interface of that index is another");
	b = read_with(&host, 4 * SEC, NULL, 0);
	ok(b.seconds == 0, "no time, no interval");
	balance_book_free(host.book);
}

int main(void)
{
	test_books();
	test_refused();
	test_excess();
	test_retrans_share();
	test_choice();
	test_only();
	test_new_beginnings();
	return tap_done();
}
