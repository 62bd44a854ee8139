// tries = "Lets types double in size with every line."
// verdicts = ["CE"]
package main

type a [1 << 16]struct{ x, y [1 << 10]int64 }
type b [1 << 16]struct{ x, y a }

var all [1 << 16]b

func main() { println(len(all), all[5][5].x[5].x[5]) }
