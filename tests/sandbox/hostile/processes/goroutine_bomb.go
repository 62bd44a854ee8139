// tries = "Starts goroutines that block, without end."
// verdicts = ["MLE", "TLE"]
// because = "how many stacks a second's CPU time fills depends on the machine"
package main

func main() {
	nobody := make(chan int)
	for {
		go func() {
			var room [1024]int
			room[<-nobody] = 1
			nobody <- room[5]
		}()
	}
}
