// tries = "Keeps closures that keep each other."
// verdicts = ["MLE", "TLE"]
// because = "a collector that fights for the last bytes may use up the time first"
// limits = { cpu_time_ms = 4000, wall_time_ms = 8000 }
let last = () => 0;
for (;;) {
    const before = last, ballast = new Array(100).fill(before);
    last = () => before() + ballast.length;
}
