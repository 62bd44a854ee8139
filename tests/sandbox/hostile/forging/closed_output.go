// tries = "Closes its outputs and ends well, as if it had had nothing to say."
// verdicts = ["WA"]
package main

import "os"

func main() {
	os.Stdout.Close()
	os.Stderr.Close()
	os.Stdin.Close()
}
