# tries = "Lets the compiler fold constants that fill any memory."
# verdicts = ["MLE", "TLE", "RTE"]
# because = "a compiler that does not fold them leaves them to the run, which meets a limit or an error"
x = "x" * 10**12
y = 10**10**10
z = (1,) * 10**10 * 10**10
