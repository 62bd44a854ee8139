# tries = "Writes one file until the disk is full."
# verdicts = ["RTE"]
# runs = 2
with open("/tmp/hostile-mark", "wb") as file:
    while True:
        file.write(bytes(1 << 20))
