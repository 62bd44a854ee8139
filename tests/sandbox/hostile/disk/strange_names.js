// tries = "Leaves files whose names break whoever cleans up: line ends, options, bytes that are no text."
// verdicts = ["WA"]
// runs = 2
const fs = require("fs");

const names = ["\n", "-rf", "--", "*", "$(touch hostile-mark)", "`id`", "'", "\"", "a b", "\u202e", "x".repeat(255)];
for (const name of names) fs.writeFileSync(Buffer.concat([Buffer.from("/tmp/"), Buffer.from(name)]), "x");
for (let byte = 128; byte < 256; byte++) fs.mkdirSync(Buffer.from([47, 116, 109, 112, 47, byte]), 0o000);
console.log(fs.readdirSync("/tmp").length);
