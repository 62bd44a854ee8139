// tries = "Makes the linker write a program of gigabytes."
// verdicts = ["CE"]
package main

var data = [1 << 30]byte{1 << 30 - 1: 5}

func main() { println(data[5]) }
