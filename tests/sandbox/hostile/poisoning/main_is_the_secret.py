# tries = "Leaves a link to a secret of the host in the place of the program."
# verdicts = ["RTE"]
# as_compiler = true
# runs = 2
import os

os.symlink("@secret_file@", "/box/main")
