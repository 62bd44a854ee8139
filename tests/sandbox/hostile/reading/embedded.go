// tries = "Embeds files of the host, by path and by a link it can't make."
// verdicts = ["CE"]
package main

import _ "embed"

//go:embed @secret_file@
var secret string

//go:embed ../../../../../../etc/passwd
var passwd string

func main() { println(secret, passwd) }
