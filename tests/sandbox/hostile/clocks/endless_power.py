# tries = "Computes for ever in one call that looks at no signal."
# verdicts = ["TLE", "MLE"]
# because = "the number grows until time or memory is over"
# limits = { cpu_time_ms = 600, wall_time_ms = 5000 }
print(9**9**9)
