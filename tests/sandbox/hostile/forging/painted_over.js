// tries = "Paints the right answer over a wrong one, for eyes only."
// verdicts = ["WA"]
// answer = "42"
process.stdout.write("41\b\x1b[1D2\r42\u0000\n\u200b42\x1b[2K\r42");
