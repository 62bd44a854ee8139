// tries = "Keeps the event loop alive with timers and ignores every request to end."
// verdicts = ["TLE"]
// limits = { wall_time_ms = 1200 }
for (const name of ["SIGTERM", "SIGINT", "SIGHUP", "SIGXCPU"])
    process.on(name, () => {});
setInterval(() => {}, 10);
