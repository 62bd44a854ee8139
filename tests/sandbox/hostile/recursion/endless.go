// tries = "Recurses without end; a Go stack grows on the heap."
// verdicts = ["RTE", "MLE"]
// because = "Go's own ceiling for a stack is near to what the host may give"
// limits = { cpu_time_ms = 3000 }
package main

func deeper(n int) int {
	var room [512]int
	room[n%512] = n
	return deeper(n+1) + room[5]
}

func main() { println(deeper(0)) }
