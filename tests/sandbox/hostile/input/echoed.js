// tries = "Floods its input back while it has not read all of it."
// verdicts = ["OLE", "RTE", "TLE"]
// because = "Node may be refused what it needs to read a file as a stream, which ends it early"
// stdin_bytes = 4000000
// limits = { cpu_time_ms = 2000, wall_time_ms = 5000 }
process.stdin.pipe(process.stdout);
process.stdin.on("data", (part) => process.stderr.write(part));
