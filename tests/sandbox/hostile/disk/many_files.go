// tries = "Makes empty files until there are no inodes left, and leaves them."
// verdicts = ["WA", "TLE"]
// because = "the limit on files may be met after the one on time"
// runs = 2
package main

import (
	"fmt"
	"os"
)

func main() {
	count := 0
	for ; count < 200_000; count++ {
		file, err := os.Create(fmt.Sprintf("/tmp/hostile-mark-%d", count))
		if err != nil {
			fmt.Println(count, err)
			return
		}
		file.Close()
	}
	fmt.Println("ESCAPED the limit on files")
}
