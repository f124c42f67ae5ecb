#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures weir beside its peers, interleaved in one run; prints tables, keeps JSON.

  run.py BUILD_DIR RESULTS_DIR [--tiny] [b1|b2|b3|b4 ...]

Ratios count, not absolute times. --tiny only proves that each bench works: its results are
printed, not kept.
"""
import json
import os
import platform
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import screen

MONITOR_CPU, WORKLOAD_CPU = "0", "1"
BENCHES = ("b1", "b2", "b3", "b4")
STATS_SYSCTL = "/proc/sys/kernel/bpf_stats_enabled"
BPFTRACE_SUMS = ("BEGIN{printf(\"ready\\n\")} tracepoint:sock:sock_send_length,"
                 "tracepoint:sock:sock_recv_length{@[pid,comm]=sum(args->ret)}")
BPFTRACE_CLOSES = ("BEGIN{printf(\"ready\\n\")} tracepoint:sock:inet_sock_set_state "
                   "/args->newstate == 7 && args->oldstate != 10/{printf(\"c %d\\n\", pid)}")


def median(values):
    return statistics.median(values) if values else None


class Bench:
    def __init__(self, build, results, tiny):
        self.build, self.results, self.tiny = build, results, tiny
        self.tcptop = os.path.join(build, "bin", "tcptop")
        self.workload = os.path.join(build, "bench", "bench-workload")
        self.tick = os.path.join(build, "bench", "bench-tick")

    def keep(self, name, data):
        data = {
            "bench": name,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "kernel": platform.release(),
            "cpus": os.cpu_count(),
            "load_before": round(self.load, 2),
            **data,
        }
        if self.tiny:
            print(json.dumps(data))
            return
        os.makedirs(self.results, exist_ok=True)
        with open(os.path.join(self.results, name + ".json"), "w") as file:
            json.dump(data, file, indent=1)
            file.write("\n")

    def run(self, name):
        self.load = os.getloadavg()[0]
        getattr(self, name)()

    # --- monitors -------------------------------------------------------------------------------

    def start(self, command, ready):
        """Starts a monitor on its own processor; ready(process) tells when it is attached."""
        log = tempfile.TemporaryFile()
        process = subprocess.Popen(["taskset", "-c", MONITOR_CPU] + command, stdout=log,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not ready(process, log):
            if process.poll() is not None:
                log.seek(0)
                raise RuntimeError(f"{command[0]} ended: {log.read()[-300:]!r}")
            if time.monotonic() > end:
                process.kill()
                raise RuntimeError(f"{command[0]} was not ready within 20 s")
            time.sleep(0.02)
        return process

    @staticmethod
    def stop(process):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @staticmethod
    def has_output(_process, log):
        return os.fstat(log.fileno()).st_size > 0

    @staticmethod
    def cpu_seconds(pid):
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def monitors(self):
        """name -> command; the peers that do not run here are named and left out."""
        found = {"tcptop": [self.tcptop, "--csv"]}
        for name, command in (
                ("nethogs", ["nethogs", "-t", "-a", "-C", "-d", "1", "lo"]),
                ("iftop", ["iftop", "-t", "-n", "-N", "-i", "lo"]),
                ("bpftrace per call", ["bpftrace", "-e", BPFTRACE_SUMS])):
            why = self.why_not(command)
            if why:
                print(f"# {name} is left out: {why}")
            else:
                found[name] = command
        return found

    def why_not(self, command):
        """Whether a peer runs at all: some print an error and seem to go on."""
        if not shutil.which(command[0]):
            return "not installed (./dev deps bench)"
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT,
                                       stdin=subprocess.DEVNULL)
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                self.stop(process)
            log.seek(0)
            text = log.read().decode(errors="replace")
        errors = [line for line in text.splitlines() if "ERROR" in line or "not found" in line]
        return errors[0][:120] if errors else None

    # --- B1 -------------------------------------------------------------------------------------

    def work(self, name, seconds):
        out = subprocess.run(["taskset", "-c", WORKLOAD_CPU, self.workload, name, str(seconds)],
                             capture_output=True, text=True, check=True).stdout.split()
        return int(out[1]) / int(out[0])

    def b1_round(self, monitor, command, works, seconds, results):
        process = self.start(command, self.has_output) if command else None
        begun = time.monotonic()
        cpu = self.cpu_seconds(process.pid) if process else 0
        for work in works:
            results[monitor].setdefault(work, []).append(self.work(work, seconds))
        if process:
            share = (self.cpu_seconds(process.pid) - cpu) / (time.monotonic() - begun)
            results[monitor].setdefault("monitor_cpu_percent", []).append(100 * share)
            self.stop(process)

    def b1(self):
        works = ["pingpong", "bulk", "storm", "udp", "udp-connected"]
        rounds, seconds = (1, 0.05) if self.tiny else (7, 0.6)
        monitors = {"bare": None, **self.monitors()}
        results = {name: {} for name in monitors}
        for _ in range(rounds):
            names = list(monitors)
            random.shuffle(names)
            for name in names:
                self.b1_round(name, monitors[name], works, seconds, results)
        table = {}
        print(f"{'B1: CPU per operation, ratio to bare':38}" +
              "".join(f"{w:>15}" for w in works) + f"{'own CPU %':>11}")
        for name in monitors:
            ratios = {w: median([a / b for a, b in zip(results[name][w], results["bare"][w])])
                      for w in works}
            own = median(results[name].get("monitor_cpu_percent", []))
            table[name] = {"ratio": ratios, "ns_per_op": {w: median(results[name][w])
                                                          for w in works}, "own_cpu_percent": own}
            print(f"{name:38}" + "".join(f"{ratios[w]:>15.3f}" for w in works) +
                  (f"{own:>11.1f}" if own is not None else ""))
        programs = self.b1_programs(works, 0.05 if self.tiny else 1.0)
        print("ns a run: " + ", ".join(f"{k} {v['ns']:.0f}" for k, v in programs.items()))
        self.keep("b1", {"monitors": table, "programs_ns_per_run": programs, "rounds": rounds})

    def b1_programs(self, works, seconds):
        """What each BPF program takes a run, by the kernel's own account."""
        with open(STATS_SYSCTL) as file:
            before = file.read()
        with open(STATS_SYSCTL, "w") as file:
            file.write("1")
        try:
            process = self.start([self.tcptop, "--csv"], self.has_output)
            ids = self.program_ids(process.pid)
            for work in works:
                self.work(work, seconds)
            shown = json.loads(subprocess.run(["bpftool", "prog", "show", "-j"],
                                              capture_output=True, check=True).stdout)
            self.stop(process)
        finally:
            with open(STATS_SYSCTL, "w") as file:
                file.write(before)
        return {p["name"]: {"runs": p["run_cnt"], "ns": p["run_time_ns"] / p["run_cnt"]}
                for p in shown if p["id"] in ids and p.get("run_cnt")}

    @staticmethod
    def program_ids(pid):
        ids = set()
        for fd in os.listdir(f"/proc/{pid}/fdinfo"):
            with open(f"/proc/{pid}/fdinfo/{fd}") as file:
                found = re.search(r"^prog_id:\s*(\d+)", file.read(), re.M)
            if found:
                ids.add(int(found.group(1)))
        return ids

    # --- B2 -------------------------------------------------------------------------------------

    def b2(self):
        plan = [(100, 1)] if self.tiny else [(1000, 11), (10000, 7), (100000, 5)]
        rows = []
        print(f"{'B2: ms, medians':>10}")
        for sockets, rounds in plan:
            out = subprocess.run([self.tick, str(sockets), str(rounds), self.tcptop],
                                 capture_output=True, text=True)
            if out.returncode:
                raise RuntimeError(out.stderr.strip())
            row = json.loads(out.stdout)
            rows.append(row)
            tick = row["active_kernel_ms"] + row["active_ours_ms"]
            print(json.dumps(row))
            print(f"  a tick, all active, is {row['ss_tin_ms'] / tick:.1f} x faster than ss -tin, "
                  f"{row['ss_tinp_ms'] / tick:.1f} x than ss -tinp; a whole --once "
                  f"{row['ss_tin_ms'] / row['tcptop_once_csv_ms']:.2f} x and "
                  f"{row['ss_tinp_ms'] / row['tcptop_once_csv_ms']:.1f} x")
        self.keep("b2", {"rows": rows})

    # --- B3 -------------------------------------------------------------------------------------

    @staticmethod
    def installed(program):
        return shutil.which(program) is not None

    def b3(self):
        screen.run(self, (MONITOR_CPU, WORKLOAD_CPU))

    # --- B4 -------------------------------------------------------------------------------------

    def storm(self, seconds):
        out = subprocess.run([self.workload, "storm", str(seconds)], capture_output=True,
                             text=True, check=True).stdout.split()
        return int(out[0])

    def storm_beside(self, process, seconds):
        """A storm while the monitor runs, which then ends. Returns its connections and the cost."""
        begun = time.monotonic()
        cpu = self.cpu_seconds(process.pid)
        connections = self.storm(seconds)
        took = time.monotonic() - begun
        cpu = self.cpu_seconds(process.pid) - cpu
        self.stop(process)
        return connections, {"connections_per_second": connections / took,
                             "own_cpu_percent": 100 * cpu / took}

    def b4_tcptop(self, seconds):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log.csv")
            process = subprocess.Popen([self.tcptop, "--log", path, "--log-columns", "all",
                                        "--filter", "process = bench-workload"])
            while not (os.path.exists(path) and os.path.getsize(path)):
                if process.poll() is not None:
                    raise RuntimeError("tcptop ended")
                time.sleep(0.02)
            connections, cost = self.storm_beside(process, seconds)
            ends = exact = 0
            with open(path) as file:
                for line in file:
                    fields = line.rstrip("\n").split(",")
                    if len(fields) > 16 and fields[16] == "closed":
                        ends += 1
                        exact += int(fields[9]) + int(fields[10]) == 64
        return {"ends_seen": ends / (2 * connections), "ends_exact": exact / (2 * connections),
                **cost}

    def b4_events(self, seconds):
        """The tcplife manner: an event for each close, printed by bpftrace."""
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(["bpftrace", "-e", BPFTRACE_CLOSES], stdout=log,
                                       stderr=subprocess.STDOUT)
            while not os.fstat(log.fileno()).st_size or b"ready" not in os.pread(
                    log.fileno(), 4096, 0):
                if process.poll() is not None:
                    raise RuntimeError("bpftrace ended")
                time.sleep(0.02)
            connections, cost = self.storm_beside(process, seconds)
            log.seek(0)
            ends = sum(line.startswith(b"c ") for line in log)
        # other processes' closes are among them, so this may pass 1
        return {"ends_seen": ends / (2 * connections), **cost}

    def b4_nethogs(self, seconds):
        """nethogs tells processes, not connections: only its cost can be compared."""
        process = self.start(["nethogs", "-t", "-a", "-v", "2", "-d", "1", "lo"], self.has_output)
        _, cost = self.storm_beside(process, seconds)
        return {"ends_seen": None, **cost}

    def b4(self):
        rounds, seconds = (1, 0.1) if self.tiny else (5, 4)
        sides = {"tcptop": self.b4_tcptop}
        for name, side, command in (
                ("bpftrace event per close", self.b4_events, ["bpftrace", "-e", BPFTRACE_CLOSES]),
                ("nethogs", self.b4_nethogs, ["nethogs", "-t", "-a", "-d", "1", "lo"])):
            why = self.why_not(command)
            if why:
                print(f"# {name} is left out: {why}")
            else:
                sides[name] = side
        results = {name: [] for name in ["bare", *sides]}
        for _ in range(rounds):
            begun = time.monotonic()
            results["bare"].append({"connections_per_second":
                                    self.storm(seconds) / (time.monotonic() - begun)})
            for name, side in sides.items():
                results[name].append(side(seconds))
        table = {}
        print(f"{'B4: short connections':28}{'per second':>12}{'ends seen':>11}{'exact':>8}"
              f"{'own CPU %':>11}")
        for name, rows in results.items():
            keys = rows[0].keys()
            table[name] = {k: median([r[k] for r in rows if r[k] is not None]) for k in keys}
            row = table[name]
            text = [f"{row['connections_per_second']:>12.0f}"]
            for key, width, digits in (("ends_seen", 11, 4), ("ends_exact", 8, 4),
                                       ("own_cpu_percent", 11, 1)):
                value = row.get(key)
                text.append(f"{'-' if value is None else format(value, f'.{digits}f'):>{width}}")
            print(f"{name:28}" + "".join(text))
        self.keep("b4", {"sides": table, "rounds": rounds})


def main(arguments):
    tiny = "--tiny" in arguments
    arguments = [a for a in arguments if a != "--tiny"]
    if len(arguments) < 2:
        sys.exit(__doc__)
    bench = Bench(arguments[0], arguments[1], tiny)
    for name in arguments[2:] or BENCHES:
        if name not in BENCHES:
            sys.exit(f"run.py: no bench called {name}; there are {', '.join(BENCHES)}")
        bench.run(name)


if __name__ == "__main__":
    main(sys.argv[1:])
