// tries = "Backtracks for ever in one uninterruptible call of the engine's regular expressions."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 600, wall_time_ms = 5000 }
console.log(/^(a+)+$/.test("a".repeat(60) + "b"));
