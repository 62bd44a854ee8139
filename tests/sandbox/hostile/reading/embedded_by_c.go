// tries = "Includes a file of the host by way of cgo."
// verdicts = ["CE"]
package main

// #include "@secret_file@"
import "C"

func main() {}
