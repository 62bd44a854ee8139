// tries = "Includes a file without end."
// verdicts = ["CE"]
#include "/dev/zero"
