// tries = "Exits with the code that a shell gives for SIGKILL, as if a limit had killed it."
// verdicts = ["RTE"]
process.exit(137);
